import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import { setUpPlugins } from "../../../scripts/setup/plugins";
import { setUpEngine } from "../../../scripts/setup/pulumi";

const projectDir = join(__dirname, "../../..");

/** A separate Pulumi program with a stack in a folder, run by the real engine with the offline plugins. */
export class Program {
  readonly folder = mkdtempSync(join(tmpdir(), "wikiferry-program-"));

  /** Writes the program, JavaScript, and creates its stack. */
  static async make(source: string): Promise<Program> {
    await setUpEngine();
    await setUpPlugins();
    const program = new Program();
    mkdirSync(join(program.folder, "state"));
    symlinkSync(join(projectDir, "node_modules"), join(program.folder, "node_modules"));
    writeFileSync(join(program.folder, "Pulumi.yaml"), "name: plugins\nruntime: nodejs\n");
    writeFileSync(join(program.folder, "package.json"), '{ "name": "plugins", "main": "index.js" }\n');
    program.rewrite(source);
    await program.run("stack", "init", "test");
    return program;
  }

  rewrite(source: string): void {
    writeFileSync(join(this.folder, "index.js"), source);
  }

  /** Runs one pulumi command. Returns its exit code and its output. */
  async attempt(...words: string[]): Promise<{ code: number; text: string }> {
    const answer = await $({
      cwd: this.folder,
      quiet: true,
      nothrow: true,
      env: {
        ...process.env,
        PATH: `${join(projectDir, "node_modules/.bin")}:${process.env.PATH}`,
        PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_SKIP_UPDATE_CHECK: "1",
        PULUMI_OPTION_NON_INTERACTIVE: "true",
      },
    })`pulumi ${words}`;
    return { code: answer.exitCode ?? 1, text: `${answer.stdout}${answer.stderr}` };
  }

  /** Like `attempt`, but throws the output if the command fails. */
  async run(...words: string[]): Promise<string> {
    const { code, text } = await this.attempt(...words);
    if (code !== 0) throw new Error(`pulumi ${words.join(" ")} ended with ${code}:\n${text}`);
    return text;
  }

  up = (...words: string[]): Promise<string> => this.run("up", "--yes", "--skip-preview", ...words);

  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.run("stack", "output", "--json", "--show-secrets"));
  }

  /** Every file of the backend, backups and history included. */
  stateText(): string {
    return readdirSync(join(this.folder, "state"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
      .join("\n");
  }

  /** Destroys what the program created, then removes its folder. */
  async close(): Promise<void> {
    try {
      await this.run("destroy", "--yes", "--skip-preview");
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}
