/** What becomes of Apache's directives on green. Names in lower case, as httpd.apache.org/docs/2.4/mod/directives.html has them. */

const lower = (text: string) => new Set(text.toLowerCase().split(/\s+/).filter(Boolean));

/** Green decides these itself: where it listens, as whom, its processes, TLS, logs. Nothing of an address depends on them. */
export const decidedByGreen = lower(`
  Listen ListenBacklog ListenCoresBucketsRatio ServerRoot PidFile Mutex LockFile DefaultRuntimeDir User Group
  ErrorLog ErrorLogFormat CustomLog TransferLog GlobalLog LogFormat LogLevel LogIOTrackTTFB CookieLog BufferedLogs
  Timeout KeepAlive KeepAliveTimeout MaxKeepAliveRequests RequestReadTimeout HostnameLookups UseCanonicalName UseCanonicalPhysicalPort
  TraceEnable CoreDumpDirectory ScoreBoardFile ReceiveBufferSize SendBufferSize
  EnableMMAP EnableSendfile ExtendedStatus SeeRequestTail
  LoadModule LoadFile StartServers MinSpareServers MaxSpareServers MinSpareThreads MaxSpareThreads ThreadLimit
  ThreadsPerChild ServerLimit MaxClients MaxRequestWorkers MaxRequestsPerChild MaxConnectionsPerChild AsyncRequestWorkerFactor
  ThreadStackSize MaxMemFree GracefulShutdownTimeout Protocols ProtocolsHonorOrder NameVirtualHost
  Define UnDefine Error RegisterHttpMethod
  RemoteIPHeader RemoteIPInternalProxy RemoteIPInternalProxyList RemoteIPTrustedProxy RemoteIPTrustedProxyList RemoteIPProxiesHeader
  RemoteIPProxyProtocol RPAFenable RPAFproxy_ips RPAFheader
  H2Direct H2Push H2MaxSessionStreams H2WindowSize H2ModernTLSOnly H2Upgrade H2MaxWorkers H2MinWorkers
  LuaRoot ProxyTimeout ProxyErrorOverride ProxyFCGIBackendType ProxyFCGISetEnvIf
`);

/** TLS ends at the gate. */
export const isTls = (name: string) => /^(ssl|md)[a-z]+$/.test(name) && name !== "mdomain_";

/** Directives that say what an address means, by the module that has them. Green loads these modules where blue has them. */
export const carriedBy: Record<string, Set<string>> = {
  core: lower(`
    AcceptPathInfo AccessFileName AddDefaultCharset AllowEncodedSlashes AllowOverride AllowOverrideList
    CGIPassAuth ContentDigest DefaultType DocumentRoot ErrorDocument FileETag ForceType
    HttpProtocolOptions LimitInternalRecursion LimitRequestBody LimitRequestFields LimitRequestFieldSize
    LimitRequestLine LimitXMLRequestBody MaxRangeOverlaps MaxRangeReversals MaxRanges MergeSlashes MergeTrailers NameVirtualHost
    Options QualifyRedirectURL RegexDefaultOptions RLimitCPU RLimitMEM RLimitNPROC
    ServerAdmin ServerAlias ServerName ServerPath ServerSignature ServerTokens SetHandler SetInputFilter SetOutputFilter StrictHostCheck UnsetEnv
  `),
  alias_module: lower(
    "Alias AliasMatch Redirect RedirectMatch RedirectPermanent RedirectTemp AliasPreservePath RedirectRelative",
  ),
  dir_module: lower(
    "DirectoryIndex DirectorySlash DirectoryIndexRedirect DirectoryCheckHandler FallbackResource",
  ),
  rewrite_module: lower("RewriteEngine RewriteBase RewriteCond RewriteRule RewriteOptions RewriteMap"),
  headers_module: lower("Header RequestHeader"),
  env_module: lower("SetEnv PassEnv UnsetEnv"),
  setenvif_module: lower("SetEnvIf SetEnvIfNoCase SetEnvIfExpr BrowserMatch BrowserMatchNoCase"),
  mime_module: lower(`
    AddCharset AddEncoding AddHandler AddInputFilter AddLanguage AddOutputFilter AddType DefaultLanguage
    MultiviewsMatch RemoveCharset RemoveEncoding RemoveHandler RemoveInputFilter RemoveLanguage RemoveOutputFilter
    RemoveType TypesConfig ModMimeUsePathInfo
  `),
  expires_module: lower("ExpiresActive ExpiresByType ExpiresDefault"),
  filter_module: lower(
    "AddOutputFilterByType FilterChain FilterDeclare FilterProtocol FilterProvider FilterTrace",
  ),
  deflate_module: lower(
    "DeflateCompressionLevel DeflateFilterNote DeflateMemLevel DeflateWindowSize DeflateBufferSize DeflateAlterETag DeflateInflateLimitRequestBody DeflateInflateRatioBurst DeflateInflateRatioLimit",
  ),
  brotli_module: lower(
    "BrotliCompressionQuality BrotliCompressionWindow BrotliFilterNote BrotliAlterETag BrotliCompressionMaxInputBlock",
  ),
  negotiation_module: lower("LanguagePriority ForceLanguagePriority CacheNegotiatedDocs"),
  autoindex_module: lower(`
    AddAlt AddAltByEncoding AddAltByType AddDescription AddIcon AddIconByEncoding AddIconByType DefaultIcon HeaderName
    IndexHeadInsert IndexIgnore IndexIgnoreReset IndexOptions IndexOrderDefault IndexStyleSheet ReadmeName
  `),
  authz_core_module: lower("Require AuthMerging AuthzProviderAlias AuthzSendForbiddenOnFailure"),
  authz_host_module: lower(""),
  access_compat_module: lower("Order Allow Deny Satisfy"),
  auth_basic_module: lower(
    "AuthBasicAuthoritative AuthBasicProvider AuthBasicFake AuthBasicUseDigestAlgorithm",
  ),
  authn_core_module: lower("AuthName AuthType AuthnProviderAlias"),
  authn_file_module: lower("AuthUserFile"),
  authz_groupfile_module: lower("AuthGroupFile"),
  authz_user_module: lower(""),
  include_module: lower(
    "SSIEndTag SSIErrorMsg SSIETag SSILastModified SSILegacyExprParser SSIStartTag SSITimeFormat SSIUndefinedEcho XBitHack",
  ),
  substitute_module: lower("Substitute SubstituteInheritBefore SubstituteMaxLineLength"),
  php_module: lower("php_value php_flag php_admin_value php_admin_flag"),
};

/** Sections that are carried with what is carried of their content. */
export const sections = lower(`
  Directory DirectoryMatch Files FilesMatch Location LocationMatch Limit LimitExcept If ElseIf Else
  RequireAll RequireAny RequireNone
`);

/** Directives whose argument is a file that must be carried. */
export const fileArguments = lower("AuthUserFile AuthGroupFile");

/** Why a directive of a known kind does not go over. */
export function whyNot(name: string): string {
  if (/^proxy|^balancer|^<?proxy/.test(name))
    return "it hands requests to another server, which does not move";
  if (/^sec[a-z]/.test(name)) return "green has no mod_security";
  if (/^(scriptalias|script|cgi|scgi|uwsgi|wsgi|fcgid|fastcgi|perl|python|passenger)/.test(name))
    return "green runs no programs for requests but PHP";
  if (/^(authldap|ldap|authdbd|dbd|authform|session|authdigest|auth)/.test(name))
    return "green does not know this way to log in";
  if (/^(cache|htcache)/.test(name)) return "green's web server has no cache";
  if (/^(dos|evasive|qs_)/.test(name)) return "green's gate limits requests";
  return "green's web server does not know it";
}
