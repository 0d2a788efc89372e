import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, inflateSync } from "node:zlib";
import fc from "fast-check";
import { Random } from "../../../../scripts/common/random";
import { HttpClient, NoReply } from "../../../../scripts/rehearsal/core/load/http";
import { parseLines } from "../../../../scripts/rehearsal/core/load/jsonLines";
import { loadCommand } from "../../../../scripts/rehearsal/core/load/messages";
import { RequestLog, readRequests } from "../../../../scripts/rehearsal/core/load/requestLog";
import { TokenBucket } from "../../../../scripts/rehearsal/core/load/tokenBucket";
import { changeText } from "../../../../scripts/rehearsal/worlds/mediawiki/load/editor";
import { loadOptions } from "../../../../scripts/rehearsal/worlds/mediawiki/load/options";
import { png } from "../../../../scripts/rehearsal/worlds/mediawiki/load/png";
import { pageFault, servedAs } from "../../../../scripts/rehearsal/worlds/mediawiki/load/readers";
import { meansLoggedOut, readAnswer } from "../../../../scripts/rehearsal/worlds/mediawiki/load/session";
import { Tally } from "../../../../scripts/rehearsal/worlds/mediawiki/load/tally";
import {
  editId,
  fileName,
  findId,
  pageTitle,
  paragraph,
  survivesSaving,
  trimEnd,
} from "../../../../scripts/rehearsal/worlds/mediawiki/load/text";

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

test("the same seed plays the same load", () => {
  const play = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, (_, n) => paragraph(editId("r", 1, n), random));
  };
  fc.assert(fc.property(seeds, (seed) => expect(play(seed)).toEqual(play(seed))));
  expect(play(1)).not.toEqual(play(2));
});

test("a sample has different members, as many as were asked for and are there", () => {
  fc.assert(
    fc.property(seeds, fc.uniqueArray(fc.integer()), fc.nat(50), (seed, all, count) => {
      const sample = new Random(seed).sample(all, count);
      expect(new Set(sample).size).toBe(Math.min(count, all.length));
      expect(all).toEqual(expect.arrayContaining(sample));
    }),
  );
});

test("what editors write is stored by MediaWiki as they wrote it", () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(undefined, "", "Before. 🚢", "x".repeat(9000)), (seed, before) => {
      const random = new Random(seed);
      const { text } = changeText(before, "wf-r-1-2", random);
      expect(text.normalize("NFC")).toBe(text);
      expect(survivesSaving(text)).toBe(true);
      expect(text).toContain("wf-r-1-2");
    }),
  );
});

test("names of pages and files carry their id and nothing that MediaWiki refuses in a title", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = new Random(seed);
      for (const name of [pageTitle("wf-r-1-2", random), fileName("wf-r-1-2", random)]) {
        expect(name).toContain("wf-r-1-2");
        expect(name).not.toMatch(/[#<>[\]|{}_:]|\s{2}/);
        expect(name.normalize("NFC")).toBe(name);
      }
    }),
  );
});

test("texts that saving would change are not built upon", () => {
  for (const text of ["~~~~", "{{subst:x}}", "{{ SafeSubst:x}}", "[[a (b)|]]", "[[|a]]", "a\r\nb", "end "])
    expect([text, survivesSaving(text)]).toEqual([text, false]);
  expect(survivesSaving("== A ==\n[[b|c]] ~ {{d}} 🚢")).toBe(true);
  expect(trimEnd("a \t\n\0")).toBe("a");
  expect(trimEnd("a\u00a0")).toBe("a\u00a0");
});

test("an edit's id is found in its summary, and a move's not in the titles it names", () => {
  expect(findId("wf-r-1-12 some words")).toBe("wf-r-1-12");
  expect(findId("Editor1 moved page [[Log wf-r-1-3]] to [[Log wf-r-1-9]]: wf-r-1-9 better name")).toBe(
    "wf-r-1-9",
  );
  expect(findId("Editor1 moved page [[Log wf-r-1-3]] to [[B]]: better")).toBeUndefined();
  expect(findId("nothing")).toBeUndefined();
});

test("a generated picture is a valid PNG and unlike any other", () => {
  const random = new Random(3);
  const file = png("wf-r-1-2", 9, random);
  expect(file.subarray(1, 4).toString("latin1")).toBe("PNG");
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const body = file.subarray(at + 4, at + 8 + length);
    expect(file.readUInt32BE(at + 8 + length)).toBe(crc32(body) >>> 0);
    chunks.set(body.toString("latin1", 0, 4), body.subarray(4));
    at += 12 + length;
  }
  expect([...chunks.keys()]).toEqual(["IHDR", "tEXt", "IDAT", "IEND"]);
  expect(inflateSync(chunks.get("IDAT") as Buffer)).toHaveLength(9 * (1 + 9 * 3));
  expect(png("wf-r-1-2", 9, random).equals(file)).toBe(false);
});

const pageHtml = (title: string, id: number, user: string | null) =>
  `<html><script>RLCONF={"wgPageName":${JSON.stringify(title)},"wgArticleId":${id},"wgUserName":${JSON.stringify(user)}}</script></html>`;

test("a page view counts as served only if it is the page that was asked for, whole", () => {
  const wanted = { pageid: 7, title: 'A "b" 🚢' };
  const html = pageHtml('A_"b"_🚢', 7, null);
  expect(pageFault(html, wanted)).toBeUndefined();
  expect(pageFault(html.replace("</html>", ""), wanted)).toBe("cut off");
  expect(pageFault(pageHtml("Other", 7, null), wanted)).toBe('another page: "Other"');
  expect(pageFault(pageHtml('A_"b"_🚢', 8, null), wanted)).toBe("page id 8 in place of 7");
  expect(pageFault("<html>Sorry! This site is experiencing technical difficulties.</html>", wanted)).toBe(
    "not a page of the wiki",
  );
  expect(servedAs(pageHtml("A", 1, "Editor1"))).toBe("Editor1");
  expect(servedAs(html)).toBeNull();
});

const reply = (status: number, body: string) =>
  readAnswer({ status, headers: {}, body: Buffer.from(body), startedAtMs: 1, latencyMs: 2 });

test("an answer means done, refused, or unknown", () => {
  expect(reply(200, '{"edit":{"result":"Success"}}').status).toBe("ok");
  expect(reply(200, '{"error":{"code":"readonly","info":"moving"}}')).toMatchObject({
    status: "failed",
    code: "readonly",
    message: "moving",
  });
  expect(reply(403, "no").status).toBe("failed");
  expect(reply(503, "<html>").status).toBe("unknown");
  expect(reply(200, '{"edit":').status).toBe("unknown");
  expect(reply(500, '{"error":{"code":"internal_api_error_DBQueryError"}}').status).toBe("unknown");
  expect(["assertuserfailed", "badtoken", "readonly"].map(meansLoggedOut)).toEqual([true, true, false]);
});

test("figures count from the start and from each mark", () => {
  const tally = new Tally();
  tally.change("edits", "failed", 900);
  tally.view(true, 30);
  tally.mark("judged");
  tally.change("edits", "ok", 61.4);
  tally.change("uploads", "unknown", 5);
  tally.view(false, 12);
  tally.loggedOut();
  expect(tally.total.edits).toEqual({ acknowledged: 1, failed: 1, unknown: 0, maxWaitMs: 900 });
  expect(tally.since.judged).toEqual({
    views: { served: 0, failed: 1, maxMs: 12 },
    edits: { acknowledged: 1, failed: 0, unknown: 0, maxWaitMs: 61 },
    uploads: { acknowledged: 0, failed: 0, unknown: 1, maxWaitMs: 5 },
    loggedOut: 1,
    viewsLeftOut: 0,
  });
});

test("the bucket keeps its rate on average and lets only a small burst through after a stall", async () => {
  const bucket = new TokenBucket(100, 3);
  const { signal } = new AbortController();
  await new Promise((done) => setTimeout(done, 200));
  const start = performance.now();
  for (let i = 0; i < 13; i++) expect(await bucket.take(signal)).toBe(true);
  const tookMs = performance.now() - start;
  expect(tookMs).toBeGreaterThan(80);
  expect(tookMs).toBeLessThan(4_000);
  expect(await new TokenBucket(1, 1).take(AbortSignal.abort())).toBe(false);
});

describe("on disk", () => {
  const dir = mkdtempSync(join(tmpdir(), "wikiferry-load-"));
  afterAll(() => rmSync(dir, { recursive: true }));

  test("requests are read back for a window of time", () => {
    const path = join(dir, "requests.jsonl");
    const log = new RequestLog(path);
    log.write({ startedAtMs: 1000, latencyMs: 20, kind: "view", ok: true, side: "blue" });
    log.write({ startedAtMs: 1500, latencyMs: 900, kind: "edit", ok: true });
    log.write({ startedAtMs: 5000, latencyMs: 20.04, kind: "upload", ok: false });
    log.close();
    expect(readRequests(path)).toHaveLength(3);
    expect(readRequests(path, 2000, 4000)).toEqual([
      { startedAtMs: 1500, latencyMs: 900, kind: "edit", ok: true, side: undefined },
    ]);
  });

  test("a history whose last line was cut off by a kill is still read", () => {
    expect(parseLines('{"a":1}\n{"a":2}\n{"a"')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(() => parseLines('{"a"\n{"a":2}\n')).toThrow();
    writeFileSync(join(dir, "empty.jsonl"), "");
    expect(readRequests(join(dir, "empty.jsonl"))).toEqual([]);
  });
});

test("options and commands are checked", () => {
  const options = { target: "http://127.0.0.1:8081", serverUrl: "http://127.0.0.1:8080" };
  const files = { historyFile: "h", requestsFile: "r", editors: [] };
  expect(loadOptions.parse({ ...options, ...files })).toMatchObject({
    apiPath: "/api.php",
    editsPerSecond: 5,
  });
  expect(() => loadOptions.parse({ ...options, ...files, target: "ftp://x" })).toThrow("an http:// address");
  expect(() => loadOptions.parse({ ...options, ...files, edit: 1 })).toThrow("edit");
  expect(loadCommand.parse({ stop: true })).toEqual({ stop: true });
  expect(() => loadCommand.parse({ target: "nowhere" })).toThrow();
});

describe("clients", () => {
  const servers: Server[] = [];
  const listen = async (handler: RequestListener) => {
    const server = createServer(handler);
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterAll(() => {
    for (const server of servers) server.closeAllConnections();
    for (const server of servers) server.close();
  });

  test("a changed address leaves the site's name and the cookies as they are", async () => {
    const { CookieJar } = await import("tough-cookie");
    const seen: string[] = [];
    const side = (name: string) =>
      listen((request, response) => {
        seen.push(`${name} ${request.headers.host} ${request.headers.cookie ?? "-"}`);
        response.writeHead(200, {
          "Set-Cookie": "session=abc; path=/; httponly",
          "X-Wikiferry-Side": name,
        });
        response.end("ok");
      });
    const client = new HttpClient(await side("blue"), "http://wiki.example.org", 2000, 2);
    const jar = new CookieJar();
    expect(await client.request({ path: "/", jar })).toMatchObject({ status: 200, side: "blue" });
    client.retarget(await side("green"));
    expect(await client.request({ path: "/", jar })).toMatchObject({ status: 200, side: "green" });
    expect(seen).toEqual(["blue wiki.example.org -", "green wiki.example.org session=abc"]);
    client.close();
  });

  test("no answer: a refused request can't have been carried out, a timed-out one may have been", async () => {
    const silent = await listen(() => {});
    const waiting = new HttpClient(silent, silent, 150, 2);
    const timeout = await waiting
      .request({ path: "/", method: "POST", body: Buffer.from("x") })
      .catch((e) => e);
    expect(timeout).toBeInstanceOf(NoReply);
    expect(timeout).toMatchObject({ code: "timeout", maybeServed: true });
    waiting.close();
    const nobody = new HttpClient("http://127.0.0.1:1", "http://127.0.0.1:1", 2000, 2);
    expect(await nobody.request({ path: "/" }).catch((e) => e)).toMatchObject({
      code: "ECONNREFUSED",
      maybeServed: false,
    });
    nobody.close();
  });

  test("a page view meets a kept connection that just closed: it is sent again; an edit never is", async () => {
    let served = 0;
    const url = await listen((request, response) => {
      served++;
      if (served === 2 || served === 5) request.socket.resetAndDestroy();
      else response.end("ok");
    });
    const client = new HttpClient(url, url, 2000, 1);
    await client.request({ path: "/" });
    expect(await client.request({ path: "/" })).toMatchObject({ status: 200 });
    expect([served, client.reopened]).toEqual([3, 1]);
    await client.request({ path: "/" });
    const post = client.request({ path: "/", method: "POST", body: Buffer.from("x") });
    expect(await post.catch((e) => e)).toMatchObject({ code: "ECONNRESET", maybeServed: true });
    expect(served).toBe(5);
    client.close();
  });
});
