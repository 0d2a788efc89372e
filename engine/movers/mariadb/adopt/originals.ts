import { readJournal } from "../../../control/mariadb/journal";
import { hasControlSchema } from "../../../control/mariadb/schema";
import type { Server } from "../../../runtime/mariadb/server";
import { readVariables } from "./adopt";
import { adoptedDirectory, restartSettings } from "./changes";

/** A setting that adoption changed. */
export interface ChangedSetting {
  setting: string;
  /** Before the first change. */
  from: string;
  /** After the last one. */
  to: string;
  /** Whether it still is as adoption set it: the owner may have changed it since. */
  inEffect: boolean;
  /** Whether it changes only with a restart. */
  restart: boolean;
}

const change = /^(\w+): (.*) → (.*)$/;

/** What adoption changed in blue's settings, according to the journal on it. Never writes. */
export async function originalSettings(blue: Server): Promise<ChangedSetting[]> {
  if (!(await hasControlSchema(blue))) return [];
  const [journal, variables] = await Promise.all([readJournal(blue), readVariables(blue)]);
  const found = new Map<string, { from: string; to: string }>();
  for (const { step, event, detail } of journal) {
    if (step !== "adopt" || event !== "wrote settings" || !Array.isArray(detail?.changes)) continue;
    for (const text of detail.changes as string[]) {
      const [, setting, before, to] = change.exec(text) ?? [];
      if (setting === undefined || before === undefined || to === undefined) continue;
      const from = found.get(setting)?.from ?? (before === "-" ? "" : before);
      found.set(setting, { from, to });
    }
  }
  return [...found].map(([setting, { from, to }]) => ({
    setting,
    from,
    to,
    inEffect: sameValue(variables[setting] ?? "", setting === "log_bin" ? "ON" : to) && !sameValue(from, to),
    restart: restartSettings.has(setting),
  }));
}

/**
 * What ends only with a restart of blue's MariaDB, once the settings file is gone. Our certificates and start-up rule
 * show it even where no journal is left. Never writes.
 */
export async function untilRestart(blue: Server): Promise<string[]> {
  const [changed, variables] = await Promise.all([originalSettings(blue), readVariables(blue)]);
  const ours = ["ssl_ca", "ssl_cert", "ssl_key", "init_file"].filter((setting) =>
    variables[setting]?.startsWith(`${adoptedDirectory}/`),
  );
  const names = changed.filter(({ inEffect, restart }) => inEffect && restart).map(({ setting }) => setting);
  return [...new Set([...names, ...ours])];
}

/** MariaDB shows numbers with decimals, and switches as ON or 1. */
function sameValue(a: string, b: string): boolean {
  const plain = (text: string) => (/^\d+\.0+$/.test(text) ? text.replace(/\.0+$/, "") : text).toUpperCase();
  return plain(a) === plain(b);
}

/** Restores what can be set at run time. */
export async function setBack(blue: Server): Promise<void> {
  const session = await blue.sessionWithoutBinlog();
  for (const { setting, from, inEffect, restart } of await originalSettings(blue)) {
    if (!inEffect || restart) continue;
    const value = /^\d+(\.\d+)?$/.test(from) ? Number(from) : from;
    await session.run("SET GLOBAL ?? = ?", [setting, value]);
  }
}
