/** Settings of php.ini that green decides itself, or that name places that only blue has. */
const ownOnGreen = new Set(
  `allow_url_include apc.shm_size auto_prepend_file display_errors display_startup_errors doc_root error_log extension
  extension_dir html_errors include_path log_errors mail.log open_basedir opcache.error_log opcache.file_cache
  opcache.lockfile_path opcache.memory_consumption opcache.preload opcache.preload_user opcache.validate_timestamps
  sendmail_path session.save_handler session.save_path sys_temp_dir upload_tmp_dir user_dir user_ini.filename
  xdebug.output_dir zend_extension`
    .split(/\s+/)
    .filter(Boolean),
);

/**
 * Blue's settings of PHP as a file for green. A path in a value is blue's own and stays out, but for `date.timezone`.
 * @param values Values by name, as blue's php.ini has them.
 */
export function phpIni(values: Record<string, string>): string {
  const lines = Object.entries(values)
    .filter(([name]) => !ownOnGreen.has(name))
    .filter(([name, value]) => name === "date.timezone" || !value.startsWith("/"))
    .map(([name, value]) => `${name} = ${quoted(value)}`);
  return `${["; From blue's php.ini.", ...lines.sort()].join("\n")}\n`;
}

function quoted(value: string): string {
  return /^[A-Za-z0-9_.,-]*$/.test(value) && value !== "" ? value : `"${value.replace(/(["\\$])/g, "\\$1")}"`;
}
