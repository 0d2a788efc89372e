import { readAccessLog } from "../apps/mediawiki/sameness/accessLog";
import { logIn, type RunPhp, withTemporaryAccount } from "../apps/mediawiki/sameness/account";
import { type Php, phpQuestion, readPhp } from "../apps/mediawiki/sameness/php";
import { compareSides, type SamenessReport } from "../apps/mediawiki/sameness/run";
import { type Pair, SideClient } from "../apps/mediawiki/sameness/sides";
import { isPrivate, siteQuestion } from "../apps/mediawiki/sameness/site";
import { fromGreen, type GreenWaySpec } from "../apps/mediawiki/ways";
import type { WebSpec } from "../apps/mediawiki/webTier";
import { findPrimary } from "../control/mariadb/primary";
import { WikiferryError } from "../errors";
import { findingOf } from "../finding";
import { type MoveSpec, otherSide, type Side } from "../move";
import { awaitPosition } from "../movers/mariadb/replication/awaitPosition";
import { execInContainer } from "../runtime/docker/exec";
import { hostNameOf } from "../runtime/docker/lookup";
import { quote } from "../runtime/ssh/quote";
import type { MoveSession, WithDatabases } from "../session";
import { recordSameness } from "./samenessRecord";

export type SamenessSpec = WithDatabases &
  WebSpec &
  GreenWaySpec & {
    wiki: Pick<MoveSpec["wiki"], "serverUrl" | "apiPath" | "uploadPath">;
    blue: {
      web: Pick<MoveSpec["blue"]["web"], "mediawikiDirectory">;
      files: Pick<MoveSpec["blue"]["files"], "ssh" | "directory">;
    };
    compare: Pick<MoveSpec["compare"], "addresses" | "ignore" | "account">;
  };

/**
 * Asks both sides for the same addresses, compares answers and settings, and records the result on green. A private
 * wiki gets an account for the time, unless the config names one. Writes nothing else.
 * @throws `COMPARE_NO_GREEN`, `COMPARE_LOGIN`, `COMPARE_ACCOUNT`, and what keeps a side from being asked
 */
export async function compareSameness(
  move: MoveSession<SamenessSpec>,
  limit?: number,
): Promise<SamenessReport> {
  const { spec, pool } = move;
  const { side: primary } = await findPrimary(move);
  const way = await fromGreen(move);
  const host = way && (await hostNameOf(spec.green.mediawiki, pool));
  if (!way || !host) {
    throw new WikiferryError(
      "COMPARE_NO_GREEN",
      "green's MediaWiki does not run, so there is nothing to compare",
      "Run `pulumi up` in phase sync",
    );
  }
  const pair: Pair = {
    wiki: spec.wiki,
    blue: spec.blue.web,
    green: { address: { host, port: spec.green.mediawiki.port } },
  };
  const clients = { blue: new SideClient("blue", pair, way), green: new SideClient("green", pair, way) };
  try {
    const report = await withAccount(move, clients, primary, async (account) =>
      compareSides({
        ...clients,
        settle: () => awaitPosition(move[otherSide(primary)], move[primary]),
        apiPath: spec.wiki.apiPath,
        places: {
          uploadPath: spec.wiki.uploadPath,
          hidden: await hiddenFiles(move),
          serverUrl: spec.wiki.serverUrl,
        },
        account,
        log: await readAccessLog(spec.blue.web.ssh, pool).catch((error) => ({
          requests: [],
          finding: findingOf(error),
        })),
        php: await phpOf(move),
        limit: limit ?? spec.compare.addresses,
        accepted: spec.compare.ignore,
        report: move.report,
      }),
    );
    await recordSameness(move.green, report);
    return report;
  } finally {
    clients.blue.close();
    clients.green.close();
  }
}

/** Runs `act` as an account that may read, where only such people may. */
async function withAccount<T>(
  move: MoveSession<SamenessSpec>,
  clients: Record<Side, SideClient>,
  primary: Side,
  act: (account: boolean) => Promise<T>,
): Promise<T> {
  const { wiki, compare } = move.spec;
  const question = { method: "GET", path: wiki.apiPath + siteQuestion, as: "anonymous" } as const;
  const { body } = await clients[primary].require(question);
  if (!isPrivate(body.toString())) return await act(false);
  const passive = clients[otherSide(primary)];
  if (compare.account !== "") {
    const account = { name: compare.account, password: move.secrets.comparePassword ?? "" };
    passive.logIn(await logIn(clients[primary], wiki.apiPath, wiki.serverUrl, account));
    return await act(true);
  }
  return await withTemporaryAccount(phpRunner(move, primary), async (cookies) => {
    for (const client of Object.values(clients)) client.logIn(cookies);
    return await act(true);
  });
}

function phpRunner({ spec, pool }: MoveSession<SamenessSpec>, primary: Side): RunPhp {
  const command = `cd ${quote(spec.blue.web.mediawikiDirectory)} && php maintenance/eval.php`;
  return async (lines) => {
    const stdin = `${lines.join("\n")}\n`;
    if (primary === "green") {
      const options = { stdin };
      return (await execInContainer(spec.green.mediawiki, ["sh", "-c", command], pool, options)).stdout;
    }
    return (await (await pool.to(spec.blue.web.ssh)).exec(command, stdin)).stdout;
  };
}

/** Some of the files that MediaWiki keeps from everybody. */
async function hiddenFiles({ spec, pool }: MoveSession<SamenessSpec>): Promise<string[]> {
  const { ssh, directory } = spec.blue.files;
  const command = `cd ${quote(directory)} && find -L deleted temp lockdir -type f 2>/dev/null | head -n 3`;
  const { stdout } = await (await pool.to(ssh)).exec(command);
  return stdout.split("\n").filter(Boolean);
}

/** PHP of both web servers; undefined where one can't be asked. */
async function phpOf({
  spec,
  pool,
}: MoveSession<SamenessSpec>): Promise<{ blue: Php; green: Php } | undefined> {
  const connection = await pool.to(spec.blue.web.ssh);
  const [there, here] = await Promise.all([
    connection.exec("sh -s", phpQuestion),
    execInContainer(spec.green.mediawiki, ["sh", "-c", phpQuestion], pool),
  ]);
  const [blue, green] = [readPhp(there.stdout), readPhp(here.stdout)];
  return blue && green ? { blue, green } : undefined;
}
