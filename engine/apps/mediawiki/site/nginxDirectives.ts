/** What becomes of nginx's directives on green. Names as nginx.org/en/docs/dirindex.html has them. */

const names = (text: string) => new Set(text.split(/\s+/).filter(Boolean));

/** Green decides these itself: where it listens, its processes, TLS, logs, how PHP is reached. */
export const decidedByGreen = names(`
  listen user worker_processes worker_connections worker_rlimit_nofile worker_cpu_affinity worker_priority
  worker_shutdown_timeout multi_accept use pid daemon master_process pcre_jit load_module lock_file events
  error_log access_log log_format log_not_found log_subrequest open_log_file_cache
  sendfile tcp_nopush tcp_nodelay keepalive_timeout keepalive_requests keepalive_disable server_tokens
  client_body_temp_path fastcgi_temp_path proxy_temp_path scgi_temp_path uwsgi_temp_path
  client_body_timeout client_header_timeout send_timeout reset_timedout_connection lingering_close lingering_time
  lingering_timeout server_names_hash_bucket_size server_names_hash_max_size types_hash_max_size types_hash_bucket_size
  variables_hash_max_size variables_hash_bucket_size map_hash_max_size map_hash_bucket_size
  http2 http3 http2_push http2_max_concurrent_streams quic_retry resolver resolver_timeout aio directio thread_pool
  set_real_ip_from real_ip_header real_ip_recursive
  fastcgi_pass fastcgi_keep_conn fastcgi_connect_timeout fastcgi_bind fastcgi_socket_keepalive
  open_file_cache open_file_cache_valid open_file_cache_min_uses open_file_cache_errors
`);

/** TLS ends at the gate. */
export const isTls = (name: string) => /^ssl(_|$)/.test(name);

/** Directives that say what an address means. */
export const carried = names(`
  server_name root alias index try_files rewrite return location if set break error_page internal
  add_header add_trailer expires etag if_modified_since types default_type charset charset_types source_charset override_charset
  gzip gzip_buffers gzip_comp_level gzip_disable gzip_http_version gzip_min_length gzip_proxied gzip_static gzip_types gzip_vary gunzip
  client_max_body_size client_body_buffer_size client_body_in_file_only large_client_header_buffers client_header_buffer_size
  allow deny satisfy auth_basic auth_basic_user_file limit_except
  fastcgi_param fastcgi_index fastcgi_split_path_info fastcgi_hide_header fastcgi_pass_header fastcgi_ignore_headers
  fastcgi_intercept_errors fastcgi_buffers fastcgi_buffer_size fastcgi_busy_buffers_size fastcgi_buffering
  fastcgi_read_timeout fastcgi_send_timeout fastcgi_request_buffering fastcgi_max_temp_file_size
  fastcgi_temp_file_write_size fastcgi_pass_request_headers fastcgi_pass_request_body fastcgi_ignore_client_abort
  map geo split_clients server_name_in_redirect port_in_redirect absolute_redirect
  merge_slashes underscores_in_headers ignore_invalid_headers autoindex autoindex_exact_size autoindex_localtime autoindex_format
  sub_filter sub_filter_once sub_filter_types sub_filter_last_modified addition_types add_before_body add_after_body
  disable_symlinks max_ranges postpone_output recursive_error_pages msie_padding msie_refresh valid_referers secure_link secure_link_md5
  limit_rate limit_rate_after image_filter mp4 flv dav_methods http
  uninitialized_variable_warn rewrite_log
`);

/** Blocks whose content is no directives but pairs of values. */
export const tables = names("types map geo split_clients");

/** Directives whose argument is a file that must be carried. */
export const fileArguments = names("auth_basic_user_file");

/** Why a directive does not go over. */
export function whyNot(name: string): string {
  if (/^(proxy_|upstream$|grpc_|uwsgi_|scgi_|memcached_|mirror)/.test(name))
    return "it hands requests to another server, which does not move";
  if (/^fastcgi_(cache|no_cache)|_cache/.test(name)) return "green's web server has no cache";
  if (/^limit_(req|conn)/.test(name)) return "green's gate limits requests";
  if (/^(lua_|.*_by_lua|perl|js_|passenger)/.test(name)) return "green runs no programs for requests but PHP";
  if (/^(modsecurity|naxsi|pagespeed|more_|brotli|vhost_traffic)/.test(name))
    return "green's nginx lacks this module";
  return "green's nginx does not know it";
}
