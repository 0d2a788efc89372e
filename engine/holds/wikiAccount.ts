import type { Move } from "../context";
import { WikiferryError } from "../errors";
import { accountsOf } from "../mariadb/accounts/accounts";
import { applicationAccountHolds, ensureApplicationAccount } from "../mariadb/accounts/application";
import type { Hold, HoldInputs } from "./hold";

interface Inputs extends HoldInputs {
  /** Where green's MediaWiki comes from. */
  from: string;
  connections: number;
}

interface Outputs {
  from: string;
}

async function bringAbout(move: Move, { from, connections }: Inputs): Promise<Outputs> {
  const { appUser: user, database } = move.spec.wiki;
  await ensureApplicationAccount(move.green, {
    user,
    password: move.secrets.appPassword,
    database,
    from,
    connections,
    definerHosts: await hostsOnBlue(move, user),
  });
  return { from };
}

/** None where blue is gone: what its views name was made while it was there. */
async function hostsOnBlue({ blue }: Move, user: string): Promise<string[]> {
  try {
    return (await accountsOf(blue, user)).map(({ host }) => host);
  } catch (error) {
    if (error instanceof WikiferryError) return [];
    throw error;
  }
}

/**
 * Green's account of MediaWiki, for green's network only. Made before the copy, which empties green's binary log;
 * later changes belong to whoever is primary.
 */
export const hold: Hold<Inputs, Outputs> = {
  create: bringAbout,
  update: bringAbout,
  async read({ green, spec, secrets }, { from }) {
    const account = { user: spec.wiki.appUser, password: secrets.appPassword, from };
    return (await applicationAccountHolds(green, account)) ? { from } : undefined;
  },
  /** The wiki that runs on green needs it. */
  async remove() {},
};
