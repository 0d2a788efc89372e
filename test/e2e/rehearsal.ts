import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { readJournal } from "../../engine/control/mariadb/journal";
import { silent } from "../../engine/progress";
import { openMoveSession } from "../../engine/session";
import { docker } from "../../scripts/common/docker";
import { readWikiConfig } from "../../scripts/common/stackConfig";
import { stageAt } from "../../scripts/common/stage";
import { Pulumi } from "../../scripts/rehearsal/core/pulumi";
import { removeGreen } from "../../scripts/rehearsal/worlds/mediawiki/green";
import type { WikiReport } from "../../scripts/rehearsal/worlds/mediawiki/report/facts";
import { containersOf, containerTexts, foundIn, passwordsLeft, processTexts, textsIn } from "./secrets";

const root = join(__dirname, "../..");
let printed = "";
const processes = new Set<string>();
let report: WikiReport;

describe("npm run rehearsal", () => {
  let child: ChildProcessByStdio<null, Readable, Readable>;
  let ended: Promise<unknown>;

  beforeAll(async () => {
    child = spawn(
      process.execPath,
      [
        "--require",
        "tsx/cjs",
        "scripts/rehearsal/main.ts",
        "--pages",
        "100",
        "--files",
        "20",
        "--edits",
        "100",
        "--edits-per-second",
        "2",
        "--views-per-second",
        "2",
        "--uploads",
        "5",
      ],
      { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
    );
    ended = once(child, "close");
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (printed += chunk));
    const sampler = setInterval(() => {
      for (const text of processTexts()) processes.add(text);
    }, 3_000);
    await ended;
    clearInterval(sampler);
    report = JSON.parse(readFileSync(join(root, "reports/rehearsal.json"), "utf8"));
  });

  afterAll(async () => {
    if (child.exitCode === null) child.kill("SIGTERM");
    await ended;
    await removeGreen();
  });

  test("a small wiki moves over, back, over, and the old side is retired", () => {
    expect(report.phases.map(({ name }) => name)).toEqual([
      "set-up",
      "old site",
      "prepare",
      "sync",
      "switch",
      "canary 10",
      "green's settings",
      "active green",
      "a broken setting",
      "the setting mended",
      "active blue",
      "active green again",
      "retire",
    ]);
    expect(report.flips.map(({ from, to }) => [from, to])).toEqual([
      ["blue", "green"],
      ["green", "blue"],
      ["blue", "green"],
    ]);
    for (const flip of report.flips) expect(flip.steps.length).toBeGreaterThan(8);
  });

  test("nothing that was acknowledged is lost, doubled or altered, no page view fails, nobody is logged out", () => {
    const { edits, uploads, views, loggedOut } = report.judge;
    expect(edits.acknowledged).toBeGreaterThanOrEqual(100);
    expect(uploads.acknowledged).toBeGreaterThanOrEqual(5);
    expect(edits).toMatchObject({ lost: 0, doubled: 0, altered: 0, failed: 0 });
    expect(uploads).toMatchObject({ lost: 0, altered: 0, failed: 0 });
    expect(views.served).toBeGreaterThan(100);
    expect(views.failed).toBe(0);
    expect(loggedOut).toBe(0);
  });

  test("green's MediaWiki is replaced, and a replacement fails, under readers and editors: no request fails", async () => {
    expect(
      report.replacements?.map(({ name, failed, failedRequests }) => ({ name, failed, failedRequests })),
    ).toEqual([
      { name: "green's settings", failed: false, failedRequests: 0 },
      { name: "a broken setting", failed: true, failedRequests: 0 },
      { name: "the setting mended", failed: false, failedRequests: 0 },
    ]);
    for (const { requests } of report.replacements ?? []) expect(requests).toBeGreaterThan(20);
    const { stdout } = await promisify(execFile)("docker", [
      "ps",
      "-aq",
      "--filter",
      "label=wikiferry.name=green-mediawiki",
    ]);
    expect(stdout.trim().split("\n").length).toBe(1);
  });

  test("a second pulumi up of every phase changes nothing", () => {
    const again = report.phases.filter(({ unchanged }) => unchanged !== undefined);
    expect(again.map(({ name, unchanged }) => `${name}: ${unchanged}`)).toEqual(
      [
        "prepare",
        "sync",
        "switch",
        "canary 10",
        "green's settings",
        "active green",
        "the setting mended",
        "active blue",
        "active green again",
        "retire",
      ].map((name) => `${name}: true`),
    );
  });

  test("the report is one page without outside links", () => {
    const html = readFileSync(join(root, "reports/rehearsal.html"), "utf8");
    expect(html).not.toMatch(/(src|href)="https?:/);
    expect(html).toContain("<svg");
    expect(printed).toContain("reports/rehearsal.html");
  });

  test("every container of green has a limit of memory and of processes, and a size for each tmpfs", async () => {
    const names = await containersOf("green");
    expect(names.length).toBe(8);
    for (const name of names) {
      const { HostConfig } = await docker.getContainer(name).inspect();
      const { Memory = 0, PidsLimit, Tmpfs = {} } = HostConfig as typeof HostConfig & { PidsLimit?: number };
      expect([name, Memory >= 100 << 20, (PidsLimit ?? 0) >= 64]).toEqual([name, true, true]);
      for (const options of Object.values(Tmpfs)) expect(options).toMatch(/(^|,)size=\d+m(,|$)/);
    }
  });

  test("no password is in the state, the reports, the logs, docker inspect, a process, a temporary file or the journal", async () => {
    const stage = stageAt();
    const { spec, secrets } = await readWikiConfig(new Pulumi(stage));
    const places: Record<string, string> = {
      "what it printed": printed,
      "arguments and environments": [...processes].join("\n"),
      ...textsIn(join(stage.directory, "state")),
      ...textsIn(join(root, "reports")),
      ...(await containerTexts()),
    };
    const move = openMoveSession(spec, secrets, silent);
    try {
      places["blue's journal"] = JSON.stringify(await readJournal(move.blue));
      places["green's journal"] = JSON.stringify(await readJournal(move.green));
    } finally {
      await move.close();
    }
    expect(places["green's journal"]?.length).toBeGreaterThan(100);
    expect(processes.size).toBeGreaterThan(100);
    expect(foundIn(places, secrets)).toEqual([]);
    expect(await passwordsLeft(secrets)).toEqual([]);
  });
});
