import { messageOf, WikiferryError } from "../../errors";
import { copyAccess, fileSyncKey, partialUploads, replacedUploads } from "./access";
import {
  accountLock,
  event,
  probeSchema,
  replicationAccount,
  restartPending,
  runningSettings,
  schema,
  stream,
} from "./database";
import type { Deposit, DepositMove, FoundDeposit, UnseenDeposit } from "./deposit";
import { dockerThings } from "./green";
import { certificates, keepClosed, settings } from "./settings";

/**
 * Everything that the move puts on blue's hosts, and on green's host outside its containers, in the order in which it
 * is taken back: the settings file before what it names, the schema with the journal of changes last.
 */
export const inventory: readonly Deposit[] = [
  stream,
  event,
  fileSyncKey,
  copyAccess,
  partialUploads,
  replacedUploads,
  replicationAccount("blue"),
  replicationAccount("green"),
  accountLock,
  runningSettings,
  settings,
  certificates,
  probeSchema,
  restartPending,
  schema,
  ...dockerThings,
];

export interface Seen {
  found: FoundDeposit[];
  unseen: UnseenDeposit[];
}

/** What is there now, of all deposits or some; each is checked on its own. Never writes. */
export async function lookAround(move: DepositMove, deposits: readonly Deposit[] = inventory): Promise<Seen> {
  const seen: Seen = { found: [], unseen: [] };
  const answers = await Promise.all(deposits.map((deposit) => look(move, deposit)));
  for (const answer of answers) {
    if (answer === undefined) continue;
    if ("error" in answer) seen.unseen.push(answer);
    else seen.found.push(answer);
  }
  return seen;
}

async function look(move: DepositMove, deposit: Deposit): Promise<FoundDeposit | UnseenDeposit | undefined> {
  const { name, side, staysRetired, askedFor } = deposit;
  const where = deposit.where(move.spec);
  try {
    const found = await deposit.see(move);
    if (found === undefined) return undefined;
    return {
      name,
      side,
      where,
      found,
      ...(staysRetired ? { staysRetired } : {}),
      ...(askedFor ? { askedFor } : {}),
    };
  } catch (error) {
    return { name, side, where, error: briefly(error), byHand: deposit.byHand(move.spec) };
  }
}

export function briefly(error: unknown): { code: string; found: string } {
  const found = error instanceof WikiferryError ? error.found : messageOf(error);
  const code = (error as { code?: unknown }).code;
  return {
    code: typeof code === "string" ? code : "STATUS_FAULT",
    found: found.replace(/\s+/g, " ").slice(0, 300),
  };
}

/**
 * Takes back everything that an archived blue no longer needs. What keeps it closed and complete stays. A blue that is
 * switched off by now is left as it is.
 * @returns the names of what was taken back
 */
export async function takeBackRetired(move: DepositMove): Promise<string[]> {
  const taken: string[] = [];
  for (const deposit of inventory) {
    if (deposit.staysRetired !== undefined || deposit.take === undefined) continue;
    // What the settings file names is removed after it.
    if (deposit === certificates) await keepClosed(move);
    if ((await deposit.see(move)) === undefined) continue;
    await deposit.take(move);
    taken.push(`${deposit.name} (${deposit.where(move.spec)})`);
  }
  return taken;
}

/** Whether anything is left on a retired blue that should not be there. Never writes. */
export async function leftRetired(move: DepositMove): Promise<FoundDeposit[]> {
  const going = inventory.filter(
    ({ staysRetired, take }) => staysRetired === undefined && take !== undefined,
  );
  return (await lookAround(move, going)).found;
}
