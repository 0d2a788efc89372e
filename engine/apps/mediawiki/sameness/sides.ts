import type { IncomingHttpHeaders } from "node:http";
import { messageOf, WikiferryError } from "../../../errors";
import type { MoveSpec } from "../../../move";
import { TlsError } from "../../http/http";
import { KeptConnections, type Question } from "../../http/keepAlive";
import type { Way } from "../ways";
import { gateHeaders, tlsRefused } from "../wiki";
import type { Address, Answer, Asker } from "./types";

/** Two web tiers that should answer alike. */
export interface Pair {
  wiki: Pick<MoveSpec["wiki"], "serverUrl" | "apiPath">;
  blue: Pick<MoveSpec["blue"]["web"], "address" | "tls">;
  green: { address: { host: string; port: number } };
}

/** Sends one question to one side. A side that fails to answer is an answer as well. */
export type AskSide = (address: Address) => Promise<Answer>;

/** How long one answer may take, in milliseconds. */
const answerMs = 30_000;

/** Requests under way on each side: both serve people meanwhile. */
export const atATime = 4;

/** A side's web server, asked as the gate would ask it. Close it. */
export class SideClient {
  private readonly connections: KeptConnections;
  private readonly jars = new Map<Asker, Map<string, string>>();
  private readonly where: string;

  constructor(
    private readonly side: "blue" | "green",
    private readonly pair: Pair,
    way: Way,
  ) {
    const { address } = pair[side];
    this.where = `${side}'s web server at ${address.host}:${address.port}, asked from ${way.from},`;
    const tls = side === "blue" ? pair.blue.tls : undefined;
    this.connections = new KeptConnections(() => way.connect(address), tls, atATime);
  }

  /** Cookies that the account's requests carry from now on. */
  logIn(cookies: Record<string, string>): void {
    this.jars.set("account", new Map(Object.entries(cookies)));
  }

  /** An answer, or why there is none. @throws `WEB_TLS` */
  ask: AskSide = async (address) => {
    try {
      return await this.require(address);
    } catch (error) {
      if (error instanceof WikiferryError && error.code !== "WEB_TLS")
        return {
          status: 0,
          headers: {},
          body: Buffer.alloc(0),
          failure: `no answer (${messageOf(error.cause)})`,
        };
      throw error;
    }
  };

  /** @throws `WEB_TLS`; `WEB_WAY_CLOSED` or `WEB_UNREACHABLE` without an answer */
  async require({ method, path, as }: Pick<Address, "method" | "path" | "as">): Promise<Answer> {
    return await this.send({ method, path }, as);
  }

  /** Sends a form as the account. @throws as `require` */
  async post(path: string, fields: Record<string, string>): Promise<Answer> {
    return await this.send({ method: "POST", path, form: new URLSearchParams(fields).toString() }, "account");
  }

  /** The account's cookies that last longer than its session. */
  lastingCookies(): Record<string, string> {
    return Object.fromEntries(
      [...(this.jars.get("account") ?? [])].filter(([name]) => !/session$/i.test(name)),
    );
  }

  private async send(question: Omit<Question, "headers">, as: Asker): Promise<Answer> {
    const jar = this.jars.get(as);
    const cookie = [...(jar ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...gateHeaders(this.pair.wiki), ...(cookie ? { cookie } : {}) };
    try {
      const answer = await this.connections.ask({ ...question, headers }, answerMs);
      if (jar) keep(jar, answer.headers);
      return answer;
    } catch (error) {
      if (error instanceof WikiferryError) throw error;
      if (error instanceof TlsError) throw tlsRefused(this.where, error);
      throw new WikiferryError(
        this.side === "blue" ? "WEB_WAY_CLOSED" : "WEB_UNREACHABLE",
        `${this.where} gives no answer (${messageOf(error)})`,
        "See that it runs, and what its error log says",
        { cause: error },
      );
    }
  }

  close(): void {
    this.connections.close();
  }
}

/** Keeps who is logged in. A session that the side has made is used again: otherwise each request would make one. */
function keep(jar: Map<string, string>, headers: IncomingHttpHeaders): void {
  for (const cookie of headers["set-cookie"] ?? []) {
    const [name = "", ...value] = (cookie.split(";")[0] ?? "").split("=");
    if (/session$|UserID$|UserName$|Token$/i.test(name)) jar.set(name, value.join("="));
  }
}
