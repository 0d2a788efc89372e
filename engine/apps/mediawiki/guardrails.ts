import { block, type Finding, pass, warn } from "../../finding";
import type { Side } from "../../move";
import type { SiteInfo } from "./siteInfo";

/** How a side's web tier answered. */
export interface WebAnswer {
  side: Side;
  info: SiteInfo;
  /** Time of a second answer, when the first one has filled all caches, in milliseconds. */
  answerMs: number;
}

/** The reason that MediaWiki 1.39 gives when its database is what is read-only (LoadBalancer.php). */
const becauseOfDatabase = /^The primary database server is running in read-only mode/;

/** A reader notices a page view that takes this long, in milliseconds. */
const slowAnswerMs = 2_000;

/** Whether the web tier that is to take the edits is ready. */
export function judgeWebTiers(from: WebAnswer, to: WebAnswer): Finding[] {
  return [version(from, to), readRights(from, to), notice(to), speed(to)];
}

/** Both sides run the same release. */
function version(from: Pick<WebAnswer, "side" | "info">, to: Pick<WebAnswer, "side" | "info">): Finding {
  const code = "APP_VERSION";
  const branch = (text: string) => text.split(".").slice(0, 2).join(".");
  const [here, there] = [from.info.version, to.info.version];
  if (here === "" || there === "") return pass(code, "a private wiki does not say its version");
  if (here === there) return pass(code, `MediaWiki ${here} on both sides`);
  const found = `${from.side} runs MediaWiki ${here}, ${to.side} ${there}`;
  if (branch(here) !== branch(there))
    return block(code, found, "Give both the same release first. Upgrade separately, after the move");
  return pass(code, `${found}: patch releases of one branch share their database layout`);
}

/** What is closed to anonymous people on one side must be closed to them on the other. */
function readRights(from: WebAnswer, to: WebAnswer): Finding {
  const code = "APP_READ_RIGHT";
  const open = [from, to].find(({ info }) => info.anonymousRead);
  const closed = [from, to].find(({ info }) => !info.anonymousRead);
  if (!open || !closed)
    return pass(code, `anonymous people may ${closed ? "not read" : "read"}, on both sides`);
  const found = `anonymous people may read ${open.side}, and not ${closed.side}`;
  const remedy = `Give both sides the same $wgGroupPermissions['*']['read']; green's settings are in the file that wiki.settingsFile names`;
  // The way back to blue, which served before, stays open.
  return to.side === "blue" ? warn(code, found, remedy) : block(code, found, remedy);
}

/** A side whose database is closed reports that by itself. Any other reason would keep it read-only after the flip. */
function notice({ side, info }: WebAnswer): Finding {
  const code = "APP_READ_ONLY";
  if (!info.readOnly || becauseOfDatabase.test(info.readOnlyReason))
    return pass(code, `${side}'s MediaWiki takes edits once its database does`);
  return block(
    code,
    `${side}'s MediaWiki is read-only ("${info.readOnlyReason}")`,
    `Remove $wgReadOnly from ${side}'s settings and remove the file that $wgReadOnlyFile names`,
  );
}

function speed({ side, answerMs }: WebAnswer): Finding {
  const code = "APP_SLOW";
  const seconds = (answerMs / 1000).toFixed(1);
  if (answerMs <= slowAnswerMs) return pass(code, `${side}'s MediaWiki answers in ${seconds} s`);
  return warn(
    code,
    `${side}'s MediaWiki takes ${seconds} s for an answer that it has just given`,
    `See the load of ${side}'s web server and whether its caches run (Redis, APCu, opcache): readers would feel it`,
  );
}
