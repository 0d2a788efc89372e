import { posix } from "node:path";
import { redacted } from "./redact";
import { linesOf } from "./sections";
import type { ConfigFile, Job } from "./types";

const runner = /runJobs|jobrunner|mw-job/i;

/** Lines of crontabs, as `grep -n` prints them. */
export function cronJobs(files: readonly ConfigFile[]): Job[] {
  return files.flatMap(({ file, text }) =>
    linesOf(text).flatMap((numbered) => {
      const [, line = "0", entry = ""] = /^(\d+):\s*(.*)$/.exec(numbered) ?? [];
      if (entry === "" || entry.startsWith("#")) return [];
      const parsed = entryOf(file, entry);
      return parsed
        ? [
            {
              kind: "cron" as const,
              source: file,
              line: Number(line),
              runsJobs: runner.test(entry),
              active: true,
              ...parsed,
            },
          ]
        : [];
    }),
  );
}

function entryOf(file: string, entry: string): Pick<Job, "schedule" | "user" | "command"> | undefined {
  const folder = /\/etc\/cron\.(hourly|daily|weekly|monthly)\//.exec(file)?.[1];
  if (folder !== undefined) return { schedule: folder, user: "root", command: redacted(entry) };
  const [, schedule = "", rest = ""] = /^(@\w+|(?:\S+\s+){4}\S+)\s+(.*)$/.exec(entry) ?? [];
  if (rest === "") return undefined;
  if (file.startsWith("/var/spool/"))
    return { schedule, user: posix.basename(file), command: redacted(rest) };
  const [, user = "", command = ""] = /^(\S+)\s+(.*)$/.exec(rest) ?? [];
  return { schedule, user, command: redacted(command) };
}

/**
 * Services of systemd, and the timers that start them.
 * @param states Output of `systemctl is-active NAME.service NAME.timer` by name.
 */
export function unitJobs(units: readonly ConfigFile[], states: ReadonlyMap<string, string>): Job[] {
  const nameOf = ({ file }: ConfigFile) => posix.basename(file).replace(/\.(service|timer)$/, "");
  const unique = new Map(units.map((unit) => [posix.basename(unit.file), unit]));
  return [...unique.values()]
    .filter(({ file }) => file.endsWith(".service"))
    .map((unit) => {
      const value = (text: string, key: string) =>
        new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
      const command = value(unit.text, "ExecStart");
      const timer = unique.get(`${nameOf(unit)}.timer`);
      return {
        kind: timer ? ("timer" as const) : ("service" as const),
        source: `${nameOf(unit)}.${timer ? "timer" : "service"}`,
        line: 0,
        schedule: timer ? value(timer.text, "OnCalendar") || value(timer.text, "OnUnitActiveSec") : "",
        user: value(unit.text, "User") || "root",
        command: redacted(command),
        runsJobs: runner.test(unit.text),
        active: /^active$/m.test(states.get(nameOf(unit)) ?? ""),
      };
    });
}

export interface Process {
  pid: number;
  user: string;
  /** Its program's name. */
  name: string;
  command: string;
}

/** Output of `ps -eo pid=,user=,comm=,args=`. */
export function processesIn(text: string): Process[] {
  return linesOf(text).flatMap((line) => {
    const [, pid = "", user = "", name = "", command = ""] =
      /^(\d+)\s+(\S+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    return pid === "" ? [] : [{ pid: Number(pid), user, name, command }];
  });
}

/** Job runners that neither cron nor systemd starts, such as those of supervisord. */
export function processJobs(processes: readonly Process[], others: readonly Job[]): Job[] {
  return processes
    .filter(
      ({ name, command }) =>
        /^(php|bash|sh|python|node|jobrunner)/.test(name) &&
        /runJobs\.php.*--wait|jobrunner|jobchron/.test(command),
    )
    .filter(
      ({ command }) => !others.some((job) => job.command.includes(command) || command.includes(job.command)),
    )
    .map(({ user, command }) => ({
      kind: "process" as const,
      source: command.split(" ")[0] ?? "",
      line: 0,
      schedule: "",
      user,
      command: redacted(command),
      runsJobs: true,
      active: true,
    }));
}
