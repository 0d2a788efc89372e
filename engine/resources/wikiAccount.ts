import { WikiferryError } from "../errors";
import type { MoveSpec } from "../move";
import { accountsOf } from "../movers/mariadb/accounts/accounts";
import { applicationAccountHolds, ensureApplicationAccount } from "../movers/mariadb/accounts/application";
import { type MoveSession, openMoveSession } from "../session";
import { databaseAccess, pick } from "../slice";
import type { ResourceHandler } from "./handler";

const slice = (spec: MoveSpec) => ({
  ...databaseAccess(spec),
  wiki: pick(spec.wiki, "database", "appUser"),
});

type Session = MoveSession<ReturnType<typeof slice>>;

interface Inputs {
  /** Where green's MediaWiki connects from. */
  from: string;
  connections: number;
}

interface Outputs {
  from: string;
}

async function bringAbout(session: Session, { from, connections }: Inputs): Promise<Outputs> {
  const { appUser: user, database } = session.spec.wiki;
  await ensureApplicationAccount(session.green, {
    user,
    password: session.secrets.appPassword,
    database,
    from,
    connections,
    definerHosts: await hostsOnBlue(session, user),
  });
  return { from };
}

/** None where blue is gone: what its views name was created while it existed. */
async function hostsOnBlue({ blue }: Session, user: string): Promise<string[]> {
  try {
    return (await accountsOf(blue, user)).map(({ host }) => host);
  } catch (error) {
    if (error instanceof WikiferryError) return [];
    throw error;
  }
}

/**
 * Green's account of MediaWiki, for green's network only. Created before the copy, which empties green's binary log;
 * later changes belong to whoever is primary.
 */
export const handler: ResourceHandler<Session, Inputs, Outputs> = {
  slice,
  open: openMoveSession,
  create: bringAbout,
  update: bringAbout,
  async read({ green, spec, secrets }, { from }) {
    const account = { user: spec.wiki.appUser, password: secrets.appPassword, from };
    return (await applicationAccountHolds(green, account)) ? { from } : undefined;
  },
  /** The wiki that runs on green needs it. */
  async remove() {},
};
