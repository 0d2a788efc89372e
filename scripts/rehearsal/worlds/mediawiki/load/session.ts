import { CookieJar } from "tough-cookie";
import { WikiferryError } from "../../../../../engine/errors";
import { type HttpClient, NoReply, type Reply } from "../../../core/load/http";

export type Params = Record<string, string | number | undefined>;

interface Timed {
  startedAtMs: number;
  latencyMs: number;
  side?: string;
}

/** The API's JSON, read field by field. */
// biome-ignore lint/suspicious/noExplicitAny: its shape depends on the request
export type ApiBody = any;

/** What came of an API request. `unknown`: nobody can say from here whether it was carried out. */
export type Answer = Timed &
  ({ status: "ok"; body: ApiBody } | { status: "failed" | "unknown"; code: string; message: string });

export interface Account {
  name: string;
  password: string;
}

/** The API's words for "you aren't logged in any more". */
const LOGGED_OUT = new Set([
  "assertuserfailed",
  "assertnameduserfailed",
  "badtoken",
  "notloggedin",
  "mustbeloggedin",
]);

export function meansLoggedOut(code: string): boolean {
  return LOGGED_OUT.has(code);
}

/** Reads what the API said; a 5xx or a broken body leaves open whether a write was carried out. */
export function readAnswer(reply: Reply): Answer {
  const timed = { startedAtMs: reply.startedAtMs, latencyMs: reply.latencyMs, side: reply.side };
  const text = reply.body.toString("utf8");
  let body: { error?: { code?: string; info?: string } } | undefined;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (typeof body === "object" && body !== null) {
    if (body.error) {
      const code = body.error.code ?? "error";
      // MediaWiki reports an exception of its own as JSON: a commit may have happened before it.
      const status = code.startsWith("internal_api_error") ? "unknown" : "failed";
      return { ...timed, status, code, message: body.error.info ?? "" };
    }
    if (reply.status === 200) return { ...timed, status: "ok", body };
  }
  const status = reply.status >= 400 && reply.status < 500 ? "failed" : "unknown";
  return { ...timed, status, code: `http-${reply.status}`, message: text.slice(0, 200) };
}

export function formBody(params: Params): { body: Buffer; contentType: string } {
  const form = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value !== undefined) form.set(key, String(value));
  return { body: Buffer.from(form.toString()), contentType: "application/x-www-form-urlencoded" };
}

async function multipartBody(params: Params, field: string, file: Buffer) {
  const form = new FormData();
  for (const [key, value] of Object.entries(params)) if (value !== undefined) form.set(key, String(value));
  form.set(field, new Blob([new Uint8Array(file)], { type: "application/octet-stream" }), "upload");
  const encoded = new Response(form);
  return {
    contentType: encoded.headers.get("content-type") ?? "",
    body: Buffer.from(await encoded.arrayBuffer()),
  };
}

/** One person's session with the wiki's API: cookies and CSRF token. */
export class Session {
  readonly jar = new CookieJar();
  private token = "";
  /** False before the log-in and after someone noticed that the wiki has forgotten it. */
  loggedIn = false;

  constructor(
    private readonly client: HttpClient,
    private readonly apiPath: string,
    readonly account?: Account,
  ) {}

  get(params: Params): Promise<Answer> {
    const query = formBody({ format: "json", formatversion: 2, ...params }).body.toString();
    return this.send(() => this.client.request({ path: `${this.apiPath}?${query}`, jar: this.jar }));
  }

  post(params: Params, file?: { field: string; bytes: Buffer }): Promise<Answer> {
    return this.send(async () => {
      const all = { format: "json", formatversion: 2, ...params };
      const encoded = file ? await multipartBody(all, file.field, file.bytes) : formBody(all);
      return this.client.request({ method: "POST", path: this.apiPath, jar: this.jar, ...encoded });
    });
  }

  /** Posts a change as this person, refused by the wiki if it doesn't know them any more. */
  change(params: Params, file?: { field: string; bytes: Buffer }): Promise<Answer> {
    return this.post({ ...params, assert: "user", token: this.token }, file);
  }

  /** Logs in afresh: new cookies, new token. No "keep me logged in", which would hide a lost session. */
  async login(): Promise<void> {
    const { account } = this;
    if (!account) throw new Error("a reader has no account");
    this.loggedIn = false;
    this.jar.removeAllCookiesSync();
    const loginToken = must(
      await this.get({ action: "query", meta: "tokens", type: "login" }),
      account.name,
      (body) => body.query?.tokens?.logintoken,
    );
    must(
      await this.post({
        action: "clientlogin",
        username: account.name,
        password: account.password,
        loginreturnurl: "http://127.0.0.1/",
        logintoken: loginToken,
      }),
      account.name,
      (body) => (body.clientlogin?.status === "PASS" ? true : undefined),
    );
    this.token = must(
      await this.get({ action: "query", meta: "tokens", type: "csrf", assert: "user" }),
      account.name,
      (body) => body.query?.tokens?.csrftoken,
    );
    this.loggedIn = true;
  }

  private async send(request: () => Promise<Reply>): Promise<Answer> {
    try {
      return readAnswer(await request());
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      const status = error.maybeServed ? "unknown" : "failed";
      const { startedAtMs, latencyMs, code, message } = error;
      return { status, startedAtMs, latencyMs, code, message };
    }
  }
}

function must<T>(answer: Answer, name: string, read: (body: ApiBody) => T | undefined): T {
  const found = answer.status === "ok" ? read(answer.body) : undefined;
  if (found !== undefined) return found;
  const said =
    answer.status === "ok"
      ? (answer.body.clientlogin?.message ?? "an answer without what was asked for")
      : `${answer.code} ${answer.message}`;
  throw new WikiferryError(
    "LOAD_LOGIN",
    `${name} could not log in: ${said}`,
    "Check the account's password and that the wiki is up and writable.",
  );
}
