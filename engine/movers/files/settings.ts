import { WikiferryError } from "../../errors";

const digits = /^\d{1,8}$/;
const place = /^[A-Za-z0-9@._:/+][A-Za-z0-9@._:/+-]*$/;

/** File-sync's settings and their valid values. File-sync checks the same when it reads them (settings.sh). */
const allowed = {
  DIRECTION: /^(pull|push|off)$/,
  REMOTE: place,
  PORT: digits,
  REMOTE_PATH: place,
  PAUSED: /^(yes|no)$/,
  MAX_DELETE: digits,
  ALLOW_DELETE: /^[0-9a-f-]*$/,
  KEEP_DAYS: digits,
  PARALLEL: /^[1-8]$/,
  INTERVAL_SECONDS: digits,
  OWNER: /^\d{1,10}:\d{1,10}$/,
  FILE_MODE: /^[0-7]{3,4}$/,
  DIRECTORY_MODE: /^[0-7]{3,4}$/,
};

/** NAME=VALUE lines for file-sync. @throws `FILES_SETTING` for a value that is more than plain text */
export function settingLines(settings: Partial<Record<keyof typeof allowed, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => {
      if (!allowed[name as keyof typeof allowed].test(String(value))) {
        throw new WikiferryError(
          "FILES_SETTING",
          `file-sync does not accept ${name} ${JSON.stringify(value)}`,
          "See the config's keys blue.files.* and files.*: letters, digits and . _ : / + - only",
        );
      }
      return `${name}=${value}\n`;
    })
    .join("");
}
