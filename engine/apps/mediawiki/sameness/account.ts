import { z } from "zod";
import { WikiferryError } from "../../../errors";
import { apiQuery, readJson } from "./samples";
import type { SideClient } from "./sides";

/** An account that may read, of the wiki's own. */
export interface Account {
  name: string;
  password: string;
}

/** Runs lines of PHP within the primary's MediaWiki, through standard input. Returns what they print. */
export type RunPhp = (lines: readonly string[]) => Promise<string>;

/** The account that is made for the time of a comparison. It has no password, so nobody can log in with it. */
const temporaryName = "Wikiferry compares";

const marker = "wikiferry-account:";
const madeSchema = z.object({ prefix: z.string(), id: z.number(), name: z.string(), token: z.string() });
const tokenSchema = z.object({ query: z.object({ tokens: z.object({ logintoken: z.string() }) }) });
const loginSchema = z.object({
  clientlogin: z.object({ status: z.string(), message: z.string().default("") }),
});

/**
 * Logs in on the primary, and stays logged in by the cookies of "keep me logged in", which both sides accept: they
 * depend on the user's row and on `$wgSecretKey`, not on where sessions live.
 * @throws `COMPARE_LOGIN`
 */
export async function logIn(client: SideClient, apiPath: string, serverUrl: string, account: Account) {
  client.logIn({});
  const question = apiPath + apiQuery({ action: "query", meta: "tokens", type: "login" });
  const asked = await client.require({ method: "GET", path: question, as: "account" });
  const token = tokenSchema.safeParse(readJson(asked.body)).data?.query.tokens.logintoken;
  const answer = token
    ? await client.post(apiPath, {
        action: "clientlogin",
        username: account.name,
        password: account.password,
        rememberMe: "1",
        loginreturnurl: serverUrl,
        logintoken: token,
        format: "json",
        formatversion: "2",
      })
    : undefined;
  const login = answer && loginSchema.safeParse(readJson(answer.body)).data?.clientlogin;
  if (login?.status === "PASS") return client.lastingCookies();
  throw new WikiferryError(
    "COMPARE_LOGIN",
    `${account.name} could not log in to compare both sides (${login?.message || login?.status || `status ${asked.status}`})`,
    "Set compare.account and the secret compare.password to an account that may read and logs in by its password alone, or remove both: an account is then made for the time",
  );
}

/**
 * Makes an account for the time of a comparison, and takes it away again afterwards. One that a killed run left behind
 * is used and taken away.
 * @throws `COMPARE_ACCOUNT`
 */
export async function withTemporaryAccount<T>(
  runPhp: RunPhp,
  act: (cookies: Record<string, string>) => Promise<T>,
): Promise<T> {
  const stdout = await runPhp([
    "$wfMw = MediaWiki\\MediaWikiServices::getInstance()",
    `$wfUser = $wfMw->getUserFactory()->newFromName( '${temporaryName}' )`,
    "if ( !$wfUser->isRegistered() ) { $wfUser->addToDatabase(); }",
    `print PHP_EOL . "${marker}" . json_encode( [ 'prefix' => (string)$wgCookiePrefix, 'id' => $wfUser->getId(), 'name' => $wfUser->getName(), 'token' => $wfUser->getToken() ] ) . PHP_EOL`,
  ]);
  const line = stdout.split("\n").find((text) => text.startsWith(marker));
  const made = line && madeSchema.safeParse(readJson(Buffer.from(line.slice(marker.length)))).data;
  if (!made || made.id === 0) {
    throw new WikiferryError(
      "COMPARE_ACCOUNT",
      "the wiki is private, and no account to compare both sides could be made on the primary",
      "Set compare.account and the secret compare.password to an account that may read",
    );
  }
  try {
    return await act({
      [`${made.prefix}UserID`]: String(made.id),
      [`${made.prefix}UserName`]: encodeURIComponent(made.name.replaceAll(" ", "_")),
      [`${made.prefix}Token`]: made.token,
    });
  } finally {
    await runPhp([
      // DB_PRIMARY, by its number: MediaWiki 1.35 calls it DB_MASTER.
      "$wfDb = MediaWiki\\MediaWikiServices::getInstance()->getDBLoadBalancer()->getConnection( -2 )",
      ...["user_properties up_user", "user_groups ug_user", "actor actor_user", "user user_id"].map((of) => {
        const [table, column] = of.split(" ");
        return `$wfDb->delete( '${table}', [ '${column}' => ${made.id} ], 'wikiferry' )`;
      }),
    ]);
  }
}
