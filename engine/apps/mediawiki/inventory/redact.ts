const secretName =
  /passw|passphrase|_pass$|^pass$|pwd|secret|token|credential|dsn|api_?key|private_?key|auth/i;
/** Directives that hand a named value on, by the position of the name. */
const namedValue =
  /^(\s*(?:SetEnv|SetEnvIf\s+\S+\s+\S+|Define|fastcgi_param|uwsgi_param|proxy_set_header|set|(?:Request)?Header\s+(?:always\s+)?(?:set|append|add)|php_(?:admin_)?value)\s+\$?)(\S+)(\s+)(.+?)(\s*;?\s*)$/i;
/** Of Apache and nginx, whose value is a secret whatever it looks like. */
const secretDirective =
  /^(\s*(?:AuthLDAPBindPassword|AuthnzLDAPBindPassword|DBDParams|AuthFormFakeBasicAuth|SSLProxyMachineCertificatePassphrase|secure_link_secret|SessionCryptoPassphrase)\s+)(.+?)(\s*;?\s*)$/i;
const poolEnvironment = /^(\s*(?:env|php_(?:admin_)?value)\[([^\]]+)\]\s*=\s*)(.+?)(\s*)$/;
const shellVariable = /^(\s*(?:export\s+)?([A-Za-z_]\w*)=)(.+?)(\s*)$/;

/** Whether the value is only a reference to another, such as `$http_authorization`, or a path. */
const isPlain = (value: string) =>
  /^["']?(?:\$\{?\w+\}?|%\{[^}]+\}\w?|\/[\w./*-]*|on|off|\d+)["']?$/i.test(value.trim());

/** The name's value, or `<secret>`. */
export function redactedValue(name: string, value: string): string {
  return secretName.test(name) && !isPlain(value) ? "<secret>" : redactedUrl(value);
}

const redactedUrl = (text: string) => text.replace(/(:\/\/[^/@:\s"']*):[^/@\s"']+@/g, "$1:<secret>@");

/**
 * A web server's, pool's or shell's configuration without secrets. The number of lines stays. A secret is known by the
 * name that it is given.
 */
export function redacted(text: string): string {
  return text.split("\n").map(redactedLine).join("\n");
}

function redactedLine(line: string): string {
  const directive = secretDirective.exec(line);
  if (directive) return `${directive[1]}<secret>${directive[3]}`;
  const named = namedValue.exec(line);
  if (named) {
    const [, before = "", name = "", space = "", value = "", end = ""] = named;
    return `${before}${name}${space}${redactedValue(name, value)}${end}`;
  }
  const assigned = poolEnvironment.exec(line) ?? shellVariable.exec(line);
  if (assigned) {
    const [, before = "", name = "", value = "", end = ""] = assigned;
    return `${before}${redactedValue(name, value)}${end}`;
  }
  return redactedUrl(line);
}
