import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { messageOf, WikiferryError } from "../../errors";
import { type Finding, findingOf } from "../../finding";
import type { MoveSpec } from "../../move";
import { askOver, type HttpAnswer, TlsError } from "../http/http";
import {
  anonymousAddresses,
  answerOf,
  type Compared,
  isSame,
  samenessFinding,
  siteQuestion,
} from "./sameness";
import type { Way } from "./ways";
import { gateHeaders, tlsRefused } from "./wiki";

/** Two web tiers that should answer alike. */
export interface Pair {
  wiki: Pick<MoveSpec["wiki"], "serverUrl" | "apiPath">;
  blue: Pick<MoveSpec["blue"]["web"], "address" | "tls">;
  green: { address: { host: string; port: number } };
}

/** How long one answer may take, in milliseconds. */
const answerMs = 30_000;

/** Requests under way at a time: both sides serve people meanwhile. */
const atATime = 3;

/** What replication delivers within this many milliseconds is no difference. */
const againMs = 1_500;

/**
 * Sends both sides the requests of anonymous people, as the gate would, and reports whether the answers are the same.
 * Never writes.
 */
export async function compareAnswers(pair: Pair, way: Way): Promise<Finding> {
  try {
    const first = siteQuestion(pair.wiki);
    const site = await askSide(pair, "blue", way, first);
    const paths = [first, ...anonymousAddresses(pair.wiki, site.body.toString())];
    const compared = await askAll(pair, way, paths);
    // Where both redirect, the target is compared as well.
    const led = compared.filter(({ blue, green }) => blue.target.startsWith("/") && isSame(blue, green));
    const targets = new Set(led.map(({ blue }) => blue.target).filter((target) => !paths.includes(target)));
    compared.push(...(await askAll(pair, way, [...targets])));
    const different = compared.filter(({ blue, green }) => !isSame(blue, green));
    if (different.length > 0) {
      await sleep(againMs);
      const again = await askAll(
        pair,
        way,
        different.map(({ path }) => path),
      );
      for (const one of again) compared[compared.findIndex(({ path }) => path === one.path)] = one;
    }
    return samenessFinding(compared, way.from);
  } catch (error) {
    return findingOf(error);
  }
}

async function askAll(pair: Pair, way: Way, paths: string[]): Promise<Compared[]> {
  const limit = pLimit(atATime);
  const compare = async (path: string) => {
    const [blue, green] = await Promise.all(
      (["blue", "green"] as const).map(async (side) =>
        answerOf(path, await askSide(pair, side, way, path), pair.wiki.serverUrl),
      ),
    );
    return { path, blue, green } as Compared;
  };
  return await Promise.all(paths.map((path) => limit(() => compare(path))));
}

async function askSide(
  { wiki, blue, green }: Pair,
  side: "blue" | "green",
  way: Way,
  path: string,
): Promise<HttpAnswer> {
  const { address } = side === "blue" ? blue : green;
  const where = `${side}'s web server at ${address.host}:${address.port}, asked from ${way.from},`;
  const question = { path, headers: gateHeaders(wiki) };
  try {
    return await askOver(
      () => way.connect(address),
      side === "blue" ? blue.tls : undefined,
      question,
      answerMs,
    );
  } catch (error) {
    if (error instanceof WikiferryError) throw error;
    if (error instanceof TlsError) throw tlsRefused(where, error);
    throw new WikiferryError(
      side === "blue" ? "WEB_WAY_CLOSED" : "WEB_UNREACHABLE",
      `${where} gives no answer (${messageOf(error)})`,
      "See that it runs, and what its error log says",
      { cause: error },
    );
  }
}
