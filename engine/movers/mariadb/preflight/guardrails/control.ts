import { freeSomeSpace } from "../../../../control/mariadb/diskReserve";
import { readLease } from "../../../../control/mariadb/lease";
import { block, type Finding, pass, warn } from "../../../../finding";
import type { Server } from "../../../../runtime/mariadb/server";
import { isAwake, readWatchdog } from "../../fencing/watchdog";
import type { FlipQuestion, Guardrail } from "./guardrail";

/** What the move itself relies on: one operator, clocks that agree, events that run, disk space for the binary log. */
export const control: Guardrail = async (question) => {
  const both = [question.primary, question.replica];
  return await Promise.all([lease(question), clocks(both), deadMansSwitch(both), room(question)]);
};

async function lease({ primary, replica, holder }: FlipQuestion): Promise<Finding> {
  for (const server of [primary, replica]) {
    const row = await readLease(server);
    if (!row || row.leftMs <= 0 || row.holder === holder) continue;
    return block(
      "CTRL_LEASE_HELD",
      `${row.holder} is working on this move (${row.purpose})`,
      `Wait until that run has ended; a run that died releases the lease by itself in ${Math.max(1, Math.ceil(row.leftMs / 1000))} s`,
    );
  }
  return pass("CTRL_LEASE_HELD", "no other run works on this move");
}

/** Above this, logs can't be compared with the wiki's own times, in milliseconds. */
const warnClockMs = 1_000;
/** Above this, MediaWiki's times of edits, tokens and caches would jump at the flip, in milliseconds. */
const blockClockMs = 5_000;

async function clocks(both: readonly Server[]): Promise<Finding> {
  const offsets = await Promise.all(
    both.map(async (server) => ({ side: server.side as string, offsetMs: await clockOffsetMs(server) })),
  );
  return clockFinding([{ side: "this machine", offsetMs: 0 }, ...offsets]);
}

/** How far a server's clock is ahead of this machine's, in milliseconds; half a round trip may be wrong. */
async function clockOffsetMs(server: Server): Promise<number> {
  const before = Date.now();
  const micros = await server.value(
    "SELECT CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) AS CHAR)",
  );
  return Number(micros) / 1000 - (before + Date.now()) / 2;
}

/**
 * The two clocks that are furthest apart. Leases end by each server's own clock, so a difference alone loses nothing.
 */
export function clockFinding(clocks: readonly { side: string; offsetMs: number }[]): Finding {
  const sorted = [...clocks].sort((a, b) => a.offsetMs - b.offsetMs);
  const slowest = sorted[0];
  const fastest = sorted.at(-1);
  if (!slowest || !fastest) return pass("CTRL_CLOCK", "no clock to compare");
  const apartMs = fastest.offsetMs - slowest.offsetMs;
  if (apartMs <= warnClockMs) return pass("CTRL_CLOCK", "the clocks agree within 1 s");
  const found = `the clock of ${fastest.side} is ${(apartMs / 1000).toFixed(1)} s ahead of that of ${slowest.side}`;
  const remedy = "Let both keep time by NTP (timedatectl set-ntp true)";
  return apartMs > blockClockMs
    ? block("CTRL_CLOCK", `${found} (limit ${blockClockMs / 1000} s)`, remedy)
    : warn("CTRL_CLOCK", found, remedy);
}

/** The events by which a database opens and closes itself when no tool is running. */
async function deadMansSwitch(both: readonly Server[]): Promise<Finding> {
  for (const server of both) {
    const events = await server.rows<{ name: string; status: string }>(
      "SELECT event_name AS name, status FROM information_schema.events WHERE event_schema = 'wikiferry'",
    );
    if (events.length === 0) continue;
    const scheduler = await server.value("SELECT @@GLOBAL.event_scheduler");
    if (scheduler !== "ON" && scheduler !== "1")
      return block(
        "CTRL_EVENTS",
        `event_scheduler is ${scheduler} on ${server.side}`,
        `SET GLOBAL event_scheduler = ON on ${server.side}, and in its configuration: else nothing opens a database whose flip died`,
      );
    const still = events.filter(({ status }) => status !== "ENABLED");
    if (still.length > 0)
      return block(
        "CTRL_EVENTS",
        `on ${server.side} the event wikiferry.${still[0]?.name} is ${still[0]?.status}`,
        `SET sql_log_bin = 0; ALTER EVENT wikiferry.${still[0]?.name} ENABLE on ${server.side}`,
      );
  }
  for (const server of both) {
    const seen = await readWatchdog(server);
    if (isAwake(seen)) continue;
    const { installed, lastTickMs } = seen;
    return block(
      "CTRL_EVENTS",
      installed
        ? `the dead man's switch of ${server.side} ${describeSleep(lastTickMs)}`
        : `${server.side} has no dead man's switch`,
      "Run `pulumi up --refresh`, which arms it; then see that server's error log",
    );
  }
  return pass("CTRL_EVENTS", "the dead man's switch of both is awake");
}

function describeSleep(lastTickMs: number | undefined): string {
  if (lastTickMs === undefined) return "has never run";
  const seconds = Math.round(Math.abs(lastTickMs) / 1000);
  return lastTickMs < 0
    ? `has its last run ${seconds} s in the future: the clock was set back`
    : `last ran ${seconds} s ago`;
}

const mebibyte = 1024 * 1024;
/** A database that can't write its binary log stops. In bytes. */
const leastBytes = 256 * mebibyte;
/** Enough for some days of a small wiki's changes, in bytes. */
const fewBytes = 1024 * mebibyte;

async function room({ primary, replica, freeBytes }: FlipQuestion): Promise<Finding> {
  if (!freeBytes) return pass("CTRL_DISK_SPACE", "room for the binary logs: not asked");
  const free = await Promise.all(
    [primary, replica].map(async ({ side }) => ({ side: side as string, bytes: await freeBytes(side) })),
  );
  return roomFinding(free);
}

/**
 * Whether the binary logs can grow and a table can be created, on each side, because the passive side logs what it
 * applies.
 */
export function roomFinding(free: readonly { side: string; bytes: number }[]): Finding {
  const least = [...free].sort((a, b) => a.bytes - b.bytes)[0];
  if (!least || least.bytes >= fewBytes)
    return pass("CTRL_DISK_SPACE", `room for the binary log: ${free.map(({ side }) => side).join(" and ")}`);
  const found = `${least.side} has ${Math.round(least.bytes / mebibyte)} MiB left where its MariaDB keeps its data`;
  const remedy = freeSomeSpace(least.side);
  return least.bytes < leastBytes
    ? block("CTRL_DISK_SPACE", found, remedy)
    : warn("CTRL_DISK_SPACE", found, remedy);
}
