import { type ConfigLine, unquoted } from "./parsedServer";

/**
 * The lines of Apache's configuration that apply to a directory's files: those in no section, in the virtual host, in
 * `<IfModule>` and `<IfDefine>` whose condition holds, and in `<Directory>` of that directory or one around it.
 * @param root Such as the document root; empty takes no `<Directory>`.
 */
export function linesInScope(
  lines: readonly ConfigLine[],
  root: string,
  modules: readonly string[],
  defines: Readonly<Record<string, string>>,
): ConfigLine[] {
  const open: boolean[] = [];
  const kept: ConfigLine[] = [];
  for (const line of lines) {
    if (/^\s*<\//.test(line.text)) {
      open.pop();
      continue;
    }
    const [, section, argument = ""] = /^\s*<(\w+)\s*(.*?)>\s*$/.exec(line.text) ?? [];
    if (section !== undefined)
      open.push(applies(section.toLowerCase(), argument.trim(), root, modules, defines));
    else if (open.every(Boolean)) kept.push(line);
  }
  return kept;
}

function applies(
  section: string,
  argument: string,
  root: string,
  modules: readonly string[],
  defines: Readonly<Record<string, string>>,
): boolean {
  const [, not = "", name = ""] = /^(!?)(.*)$/.exec(argument) ?? [];
  if (section === "virtualhost") return true;
  if (section === "ifmodule") return modules.includes(moduleOf(name)) !== (not === "!");
  if (section === "ifdefine") return name in defines !== (not === "!");
  if (section === "directory") {
    const directory = unquoted(argument).replace(/\/$/, "");
    return root !== "" && (root === directory || root.startsWith(`${directory}/`));
  }
  return false;
}

/** `mod_proxy_fcgi.c` is `proxy_fcgi_module`, `mod_php8.c` is `php_module`, `mod_php7.c` is `php7_module`. */
function moduleOf(name: string): string {
  const plain = unquoted(name.trim());
  const file = /^(?:mod_)?(\w+)\.c$/.exec(plain)?.[1];
  if (file === undefined) return plain;
  return file === "php8" ? "php_module" : `${file}_module`;
}
