import pLimit from "p-limit";
import type { Report } from "../../../progress";
import { judge } from "./judge";
import { type AskSide, atATime } from "./sides";
import type { Address, Answer, Aspect } from "./types";

export interface Asking {
  blue: AskSide;
  green: AskSide;
  /** Waits until the side that follows has applied what the other had written when this was called. */
  settle(): Promise<void>;
  serverUrl: string;
  report: Report;
}

/** An address that both sides were asked for. */
export interface Compared {
  address: Address;
  /** In what they differ, each time that they were asked. */
  aspects: Aspect[];
  /** Why the answers can't be compared in full. */
  unstable?: string;
  /** Blue's answer, for the addresses that it names. */
  blue: Answer;
}

/** Addresses between two waits for the following side. */
const batch = 40;

/** How often addresses that differ are asked again, since people edit meanwhile. */
const secondLooks = 2;

/** Asks both sides for each address, blue first, then green once it has applied what blue may have answered from. */
export async function compareAddresses(addresses: readonly Address[], asking: Asking): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (let at = 0; at < addresses.length; at += batch) {
    const some = addresses.slice(at, at + batch);
    const blue = await askAll(asking.blue, some);
    await asking.settle();
    const green = await askAll(asking.green, some);
    for (const [i, address] of some.entries()) {
      const [there, here] = [blue[i] as Answer, green[i] as Answer];
      compared.push({ address, blue: there, aspects: judge(address.path, there, here, asking.serverUrl) });
    }
    const percent = Math.min(99, (100 * (at + some.length)) / addresses.length);
    asking.report({
      step: "compare",
      message: `${at + some.length} of ${addresses.length} addresses`,
      percent,
    });
  }
  for (let look = 0; look < secondLooks; look++) {
    const limit = pLimit(atATime);
    const open = compared.filter(({ aspects, unstable }) => aspects.length > 0 && unstable === undefined);
    const again = await Promise.all(open.map((one) => limit(() => lookAgain(one.address, asking))));
    for (const [i, one] of open.entries()) Object.assign(one, again[i]);
  }
  return compared;
}

async function askAll(ask: AskSide, addresses: readonly Address[]): Promise<Answer[]> {
  const limit = pLimit(atATime);
  return await Promise.all(addresses.map((address) => limit(() => ask(address))));
}

/**
 * Asks blue, green and blue again. In what blue differs from itself, green can't be compared: people edit, a page holds
 * the time or chance decides. In everything else it is.
 */
async function lookAgain(address: Address, { blue, green, settle, serverUrl }: Asking) {
  const before = await blue(address);
  await settle();
  const answer = await green(address);
  const after = await blue(address);
  const changing = new Set(judge(address.path, before, after, serverUrl).map(({ name }) => name));
  const found = judge(address.path, after, answer, serverUrl);
  const aspects = found.filter(({ name }) => !changing.has(name));
  const unstable = changing.size > 0 && aspects.length === 0 && found.length > 0;
  return {
    aspects,
    blue: after,
    unstable: unstable
      ? `blue's own answers differ from each other (${[...changing].join(", ")})`
      : undefined,
  };
}
