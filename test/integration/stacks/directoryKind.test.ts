import { spawn } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { readRawConfig } from "../../../scripts/common/stackConfig";
import { setUpEngine } from "../../../scripts/setup/pulumi";
import { readStack } from "../../../stacks/common/kind";
import { directory } from "../../kinds/directory/kind";

// A kind that only the tests know: its stack is a Pulumi project of its own, run by the real engine.
const project = join(__dirname, "../../kinds/directory");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "wikiferry-kind-")));
const at = (name: string) => join(folder, name);
const configFile = at("Pulumi.test.yaml");
const move = { blue: at("old"), green: at("new"), link: at("site"), control: at("control") };

/** Runs `pulumi` on the project. Answers its exit code and all that it printed. */
function attempt(args: string[], cwd = project): Promise<{ code: number; output: string }> {
  const child = spawn(join(__dirname, "../../../node_modules/.bin/pulumi"), [...args, "--non-interactive"], {
    cwd,
    env: {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${at("state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_OPTION_CONFIG_FILE: configFile,
      PULUMI_STACK: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
  });
  let output = "";
  child.stdout.on("data", (piece) => (output += piece));
  child.stderr.on("data", (piece) => (output += piece));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, output }));
  });
}

async function pulumi(...args: string[]): Promise<string> {
  const { code, output } = await attempt(args);
  if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
  return output;
}

/** As `pulumi config set` writes it. */
function set(key: string, value: string): void {
  const file = parse(readFileSync(configFile, "utf8"));
  file.config[`wikiferry:${key}`] = value;
  writeFileSync(configFile, stringify(file));
}

const up = (...args: string[]) => pulumi("up", "--yes", "--skip-preview", ...args);

async function status() {
  const run = async (args: string[]) => ({ output: await pulumi(...args) });
  const { kind, config } = readStack({ directory }, await readRawConfig({ run }));
  return kind.status({ stack: "test", config, projectDirectory: project });
}

/** What people find by the link. */
const served = (path: string) => readFileSync(join(move.link, path), "utf8");

beforeAll(async () => {
  await setUpEngine();
  mkdirSync(at("state"));
  mkdirSync(join(move.blue, "deep"), { recursive: true });
  writeFileSync(join(move.blue, "page.txt"), "first");
  writeFileSync(join(move.blue, "deep", "other.txt"), "second");
  symlinkSync(move.blue, move.link);
  // `stack init` writes beside a Pulumi.yaml, whatever the config file is.
  copyFileSync(join(project, "Pulumi.yaml"), at("Pulumi.yaml"));
  const config = { kind: "directory", name: "site", masterSecret: "9c1f7ab2e40d63588b7e25f0d1a94c36" };
  const keys = Object.entries({ ...config, directory: move });
  writeFileSync(
    configFile,
    stringify({ config: Object.fromEntries(keys.map(([key, value]) => [`wikiferry:${key}`, value])) }),
  );
  const made = await attempt(["stack", "init", "test"], folder);
  expect(made).toMatchObject({ code: 0 });
  const secret = ["config", "set", "--secret", "masterSecret", config.masterSecret];
  expect(await attempt(secret)).toMatchObject({ code: 0 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the kind is one folder of less than 300 lines", () => {
  const files = readdirSync(project, { recursive: true, withFileTypes: true }).filter((it) => it.isFile());
  const lines = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8").split("\n"));
  expect(lines.flat().length - lines.length).toBeLessThan(300);
});

test("preview changes nothing; prepare and sync bring it to a verified copy, and a second up changes nothing", async () => {
  expect(await pulumi("preview")).toMatch(/serving\s+create/);
  expect(readdirSync(folder)).not.toContain("control");
  await up();
  expect((await status()).status).toMatchObject({ ok: true, primary: { side: "blue", epoch: 0 }, unmet: [] });
  set("phase", "sync");
  await up();
  expect(readFileSync(join(move.green, "deep", "other.txt"), "utf8")).toBe("second");
  await up("--expect-no-changes");
});

test("active green is refused before phase switch, and turns the link in it, with what was published since", async () => {
  set("active", "green");
  expect((await attempt(["preview"])).output).toContain("CONFIG_COMBINATION");
  set("phase", "switch");
  writeFileSync(join(move.blue, "page.txt"), "changed");
  expect((await status()).status).toMatchObject({
    ok: false,
    unmet: ["blue is the primary, not green", "the two directories differ"],
  });
  await up();
  expect(realpathSync(move.link)).toBe(move.green);
  expect(served("page.txt")).toBe("changed");
  await up("--expect-no-changes");
  const { text, status: now } = await status();
  expect(now).toMatchObject({ ok: true, primary: { side: "green", epoch: 1 } });
  expect(text).toMatch(/^primary {7}green, epoch 1[\s\S]*^next +npx pulumi config set active blue/m);
});

test("and back, with all that was published on green", async () => {
  writeFileSync(join(move.green, "page.txt"), "made on green");
  unlinkSync(join(move.green, "deep", "other.txt"));
  set("active", "blue");
  await up();
  expect(realpathSync(move.link)).toBe(move.blue);
  expect(served("page.txt")).toBe("made on green");
  expect(readdirSync(join(move.blue, "deep"))).toEqual([]);
  expect((await status()).status).toMatchObject({ ok: true, primary: { side: "blue", epoch: 2 } });
});

test("refresh sees a link that was turned by hand and a file that was changed; up mends both", async () => {
  unlinkSync(move.link);
  symlinkSync(move.green, move.link);
  writeFileSync(join(move.green, "page.txt"), "by hand");
  expect((await status()).status.unmet).toEqual([
    "the link does not point to blue",
    "the two directories differ",
  ]);
  await up("--expect-no-changes");
  expect(await up("--refresh")).toMatch(/2 updated/);
  expect(served("page.txt")).toBe("made on green");
  expect((await status()).status.ok).toBe(true);
  await up("--refresh", "--expect-no-changes");
});
