import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { openMove } from "../../engine/context";
import { readJournal } from "../../engine/mariadb/control/journal";
import type { Secrets } from "../../engine/move";
import { silent } from "../../engine/progress";
import { deriveSecret } from "../../engine/secrets";
import { removeGreen } from "../../scripts/rehearsal/green";
import { Pulumi } from "../../scripts/rehearsal/pulumi";
import type { RehearsalReport } from "../../scripts/rehearsal/report";
import { readStackConfig } from "../../scripts/rehearsal/stackConfig";
import { stageAt } from "../../scripts/rehearsal/stage";

const root = join(__dirname, "../..");
let printed = "";
let processes = "";
let report: RehearsalReport;

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
        "3",
        "--views-per-second",
        "3",
        "--uploads",
        "5",
      ],
      { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
    );
    ended = once(child, "close");
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (printed += chunk));
    const sampler = setInterval(async () => {
      processes += (await promisify(execFile)("ps", ["auxwww"], { maxBuffer: 16 << 20 })).stdout;
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

  test("no password is in the state, the reports, the logs, the list of processes or the journal", async () => {
    const stage = stageAt();
    const { spec, secrets } = await readStackConfig(new Pulumi(stage));
    const places: Record<string, string> = {
      "what it printed": printed,
      "the list of processes": processes,
      ...textsIn(join(stage.directory, "state")),
      ...textsIn(join(root, "reports")),
      ...(await containerLogs()),
    };
    const move = openMove(spec, secrets, silent);
    try {
      places["blue's journal"] = JSON.stringify(await readJournal(move.blue));
      places["green's journal"] = JSON.stringify(await readJournal(move.green));
    } finally {
      await move.close();
    }
    expect(places["green's journal"]?.length).toBeGreaterThan(100);
    const found = Object.entries(passwords(secrets)).flatMap(([name, password]) =>
      Object.entries(places)
        .filter(([, text]) => text.includes(password))
        .map(([place]) => `${name} in ${place}`),
    );
    expect(found).toEqual([]);
  });
});

function passwords(secrets: Secrets): Record<string, string> {
  const derived = (["mariadb-admin", "mariadb-replication", "redis", "gate-admin"] as const).map(
    (purpose) => [purpose, deriveSecret(secrets.masterSecret, purpose)],
  );
  // The middle of the key: its first and last lines are the same in every key.
  const keyLine = secrets.sshPrivateKey.split("\n").at(3) ?? secrets.sshPrivateKey;
  return { ...secrets, sshPrivateKey: keyLine, ...Object.fromEntries(derived) };
}

function textsIn(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [
      join(parentPath, name),
      readFileSync(join(parentPath, name), "utf8"),
    ]),
  );
}

async function containerLogs(): Promise<Record<string, string>> {
  const run = promisify(execFile);
  const { stdout } = await run("docker", ["ps", "-a", "--format", "{{.Names}}"]);
  const names = stdout.split("\n").filter((name) => /^(blue|green)-/.test(name));
  expect(names.length).toBeGreaterThan(8);
  const logs = await Promise.all(
    names.map((name) => run("docker", ["logs", name], { maxBuffer: 256 << 20 })),
  );
  return Object.fromEntries(
    names.map((name, i) => [`logs of ${name}`, `${logs[i]?.stdout}${logs[i]?.stderr}`]),
  );
}
