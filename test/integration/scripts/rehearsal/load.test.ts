import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sh } from "../../../../scripts/common/docker";
import { readRequests } from "../../../../scripts/rehearsal/core/load/requestLog";
import { judge } from "../../../../scripts/rehearsal/worlds/mediawiki/judge";
import { startLoad, type WikiLoad } from "../../../../scripts/rehearsal/worlds/mediawiki/load/client";
import {
  type Change,
  type EditEntry,
  isChange,
  readHistory,
} from "../../../../scripts/rehearsal/worlds/mediawiki/load/history";
import type { LoadInput } from "../../../../scripts/rehearsal/worlds/mediawiki/load/options";
import type { WikiLoadSummary } from "../../../../scripts/rehearsal/worlds/mediawiki/load/tally";
import {
  ensureWorld,
  removeWorld,
  type World,
} from "../../../../scripts/rehearsal/worlds/mediawiki/oldSite/index";
import { until } from "../../../support/until";

const options = {
  name: "loadtest",
  ports: { webSsh: 2221, dbSsh: 2222, filesSsh: 2223, http: 8092 },
  pages: 30,
  files: 10,
};
const dir = mkdtempSync(join(tmpdir(), "wikiferry-load-"));
const projectDir = join(__dirname, "../../../..");

let world: World;

/** A second path to the wiki that can lose answers: bytes reach the wiki, nothing comes back. */
class Relay {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  deaf = false;
  port = 0;

  constructor(private readonly to: number) {
    this.server = createServer((client) => {
      const wiki = connect(this.to, "127.0.0.1");
      for (const socket of [client, wiki]) {
        this.sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          client.destroy();
          wiki.destroy();
          this.sockets.delete(socket);
        });
      }
      client.pipe(wiki);
      wiki.on("data", (bytes) => {
        if (this.deaf) client.resetAndDestroy();
        else client.write(bytes);
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    this.port = (this.server.address() as { port: number }).port;
    return this;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

function input(name: string, changes: Partial<LoadInput> = {}): LoadInput {
  return {
    target: world.wikiUrl,
    serverUrl: world.wiki.serverUrl,
    editors: world.editors.slice(0, 3),
    editsPerSecond: 5,
    viewsPerSecond: 4,
    maxViewsAtOnce: 4,
    minutes: 5,
    seed: 5,
    historyFile: join(dir, `${name}-history.jsonl`),
    requestsFile: join(dir, `${name}-requests.jsonl`),
    ...changes,
  };
}

const judged = (historyFile: string) =>
  judge({ historyFile, base: world.wikiUrl, hostHeader: new URL(world.wiki.serverUrl).host });

const kindsIn = (historyFile: string) =>
  [
    ...new Set(
      readHistory(historyFile)
        .filter(isChange)
        .map(({ kind }) => kind),
    ),
  ].sort();
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const inDatabase = (sql: string) => sh("loadtest-db", `mariadb wikidb -e "${sql}"`);

beforeAll(async () => {
  await removeWorld({ name: options.name });
  world = await ensureWorld(options);
}, 600_000);

afterAll(async () => {
  rmSync(dir, { recursive: true });
  await removeWorld({ name: options.name });
});

describe("people at work on a wiki", () => {
  let load: WikiLoad;
  let summary: WikiLoadSummary;
  let relay: Relay;

  beforeAll(async () => {
    relay = await new Relay(options.ports.http).listen();
    load = await startLoad(input("work"));
    await until("first edits", async () => load.stats().edits.acknowledged >= 5, 60_000);
    await load.mark("judged");
    await load.retarget(`http://127.0.0.1:${relay.port}`);
    await until("enough edits", async () => load.stats().edits.acknowledged >= 90, 240_000);
    await until("one of each kind", async () => kindsIn(load.historyFile).length === 4, 60_000);
    summary = await load.stop();
  }, 400_000);

  afterAll(() => relay.close());

  test("readers and editors get what they ask for, no faster than was asked for", () => {
    expect(summary.complaints).toEqual([]);
    const seconds = (Date.parse(summary.endedAt) - Date.parse(summary.startedAt)) / 1000;
    expect(summary.total).toMatchObject({
      loggedOut: 0,
      views: { failed: 0 },
      edits: { failed: 0, unknown: 0 },
    });
    expect(summary.total.views.served).toBeGreaterThan(0);
    expect(summary.total.edits.acknowledged / seconds).toBeLessThan(6);
    expect(load.stats("judged")).toEqual(summary.since.judged);
    expect(summary.since.judged?.edits.acknowledged).toBeLessThan(summary.total.edits.acknowledged);
  });

  test("editors edit, create, move and upload, and the history has each of it", () => {
    const changes = readHistory(load.historyFile).filter(isChange);
    expect(kindsIn(load.historyFile)).toEqual(["create", "edit", "move", "upload"]);
    const { edits, uploads } = summary.total;
    expect(changes).toHaveLength(edits.acknowledged + uploads.acknowledged);
    const requests = readRequests(load.requestsFile);
    expect(requests.filter(({ kind }) => kind === "view")).toHaveLength(summary.total.views.served);
    expect(requests.filter(({ kind }) => kind !== "view")).toHaveLength(changes.length);
  });

  test("the judge finds nothing wrong with a wiki that kept everything", async () => {
    const result = await judged(load.historyFile);
    expect(result).toMatchObject({
      edits: { ...zero, acknowledged: summary.total.edits.acknowledged, failed: 0 },
      uploads: { ...zero, acknowledged: summary.total.uploads.acknowledged, failed: 0 },
      problems: [],
    });
  });

  test("the judge finds an edit that was lost, one that is there twice, an altered text and an altered file", async () => {
    const changes = readHistory(load.historyFile).filter(isChange);
    const edits = changes.filter((change): change is EditEntry => change.kind === "edit");
    const [lost, doubled, altered] = [edits[0], edits[1], edits[2]].map((edit) => edit?.revid);
    const upload = changes.find(({ kind }) => kind === "upload") as Change;

    await inDatabase(`DELETE FROM revision WHERE rev_id = ${lost}`);
    await inDatabase(
      `CREATE TEMPORARY TABLE twice AS SELECT * FROM revision WHERE rev_id = ${doubled};
       UPDATE twice SET rev_id = 9000001; INSERT INTO revision SELECT * FROM twice;
       INSERT INTO revision_comment_temp
         SELECT 9000001, revcomment_comment_id FROM revision_comment_temp WHERE revcomment_rev = ${doubled};`,
    );
    await inDatabase(
      `UPDATE text JOIN content ON content_address = CONCAT('tt:', old_id)
       JOIN slots ON slot_content_id = content_id SET old_text = CONCAT(old_text, '!')
       WHERE slot_revision_id = ${altered}`,
    );
    const name = upload.title.slice("File:".length).replaceAll(" ", "_").replaceAll("'", "'\\''");
    await sh("loadtest-files", `printf x >>"$(find /srv/uploads/? -name '${name}' | head -n 1)"`);
    await sh("loadtest-web", "service apache2 restart >/dev/null");

    const result = await judged(load.historyFile);
    expect(result.edits).toMatchObject({ lost: 1, doubled: 1, altered: 1 });
    expect(result.uploads).toMatchObject({ lost: 0, doubled: 0, altered: 1 });
    expect(result.problems.map(({ fault, id }) => [fault, id]).sort()).toEqual(
      [
        ["lost", edits[0]?.id],
        ["doubled", edits[1]?.id],
        ["altered", edits[2]?.id],
        ["altered", upload.id],
      ].sort(),
    );
  });
});

const zero = { lost: 0, doubled: 0, altered: 0 };

test("an edit whose answer is lost counts as made or failed according to the wiki", async () => {
  const relay = await new Relay(options.ports.http).listen();
  try {
    const load = await startLoad(
      input("deaf", { target: `http://127.0.0.1:${relay.port}`, viewsPerSecond: 0 }),
    );
    const edits = () => load.stats().edits;
    await until("the first edits", async () => edits().acknowledged >= 3, 60_000);
    relay.deaf = true;
    await until("lost answers", async () => edits().unknown >= 2, 60_000);
    relay.deaf = false;
    const before = edits().acknowledged;
    await until("work goes on", async () => edits().acknowledged >= before + 5, 60_000);
    const summary = await load.stop();
    expect(summary.total.edits.unknown + summary.total.uploads.unknown).toBeGreaterThan(0);
    const result = await judged(load.historyFile);
    expect(result).toMatchObject({ edits: zero, uploads: zero, problems: [] });
    expect(result.unknown.found + result.unknown.absent).toBe(
      summary.total.edits.unknown + summary.total.uploads.unknown,
    );
    expect(result.unknown.found).toBeGreaterThan(0);
    expect(result.edits.failed + result.uploads.failed).toBe(
      result.unknown.absent + summary.total.edits.failed + summary.total.uploads.failed,
    );
  } finally {
    relay.close();
  }
}, 240_000);

test("people whose sessions are lost are counted as logged out, and log in again", async () => {
  // A slow page view with a session that has expired by then would count once more.
  const load = await startLoad(input("sessions", { viewsPerSecond: 0 }));
  await pause(1_500);
  await inDatabase("DELETE FROM objectcache WHERE keyname LIKE '%MWSession%'");
  await until("everybody noticed", async () => load.stats().loggedOut >= 3, 60_000);
  const before = load.stats().edits.acknowledged;
  await until("work goes on", async () => load.stats().edits.acknowledged >= before + 8, 60_000);
  const summary = await load.stop();
  expect(summary.total.loggedOut).toBe(3);
  expect((await judged(load.historyFile)).loggedOut).toBe(3);
}, 180_000);

test("a wrong password ends the load with a code and the remedy", async () => {
  const editors = [{ name: "Editor1", password: "not this one" }];
  await expect(startLoad(input("password", { editors }))).rejects.toMatchObject({ code: "LOAD_LOGIN" });
});

test("a load ends by itself after its time, and can still be asked for its summary", async () => {
  const load = await startLoad(input("short", { minutes: 0.3 }));
  await until("its end", async () => load.isOver, 60_000);
  const summary = await load.stop();
  expect(summary.total.edits.acknowledged).toBeGreaterThan(0);
  await expect(load.mark("late")).rejects.toMatchObject({ code: "LOAD_ENDED" });
});

test("a load ends when its parent is killed", async () => {
  const parent = spawn(
    process.execPath,
    [
      "--require",
      "tsx/cjs",
      "--eval",
      `process.stdin.once("data", async (text) => {
         const { startLoad } = require("./scripts/rehearsal/worlds/mediawiki/load/client.ts");
         const load = await startLoad(JSON.parse(text));
         console.log("pid", load.pid);
       });`,
    ],
    { cwd: projectDir, stdio: ["pipe", "pipe", "inherit"] },
  );
  let said = "";
  parent.stdout.on("data", (text) => {
    said += text;
  });
  parent.stdin.write(JSON.stringify(input("orphan")));
  const pid = Number(
    await until("the load to start", async () => /pid (\d+)/.exec(said)?.[1] ?? false, 30_000),
  );
  expect(process.kill(pid, 0)).toBe(true);
  parent.kill("SIGKILL");
  await until("the load to end", async () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
});
