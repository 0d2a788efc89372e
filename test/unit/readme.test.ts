import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { keyTable, projectFile } from "../../stacks/common/config/document";
import { nextSteps } from "../../stacks/common/phase";
import { keys } from "../../stacks/mediawiki/config";

const root = join(__dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const readme = read("README.md");

/** Names in capitals that are other programs' codes. */
const others = /^ER_/;

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
}

function codesIn(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] as string))]
    .filter((code) => !others.test(code))
    .sort();
}

describe("README", () => {
  it("lists every code that the source has, and no other", () => {
    const text = ["engine", "stacks", "scripts", "components"].flatMap(sources).join("\n");
    const inSource = codesIn(text, /"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g);
    expect(inSource.length).toBeGreaterThan(100);
    expect(codesIn(readme, /^\| `([A-Z0-9_]+)` \|/gm)).toEqual(inSource);
  });

  it("gives each code one meaning and one way out", () => {
    const rows = readme.split("\n").filter((line) => /^\| `[A-Z0-9]+_[A-Z0-9_]+` \|/.test(line));
    expect(new Set(rows.map((row) => row.split("|")[1])).size).toBe(rows.length);
    for (const row of rows) expect(row).toMatch(/^\| `[A-Z0-9_]+` \| \S.*\. \| \S.*\. \|$/);
  });

  it("and Pulumi.yaml have the config's keys as they are: npm run document", () => {
    expect(readme).toContain(keyTable(keys));
    expect(read("Pulumi.yaml")).toBe(projectFile(keys));
  });

  it("names only npm scripts that there are", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const named = matches(/npm run ([a-z]+(?::[a-z]+)?)/g);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it("names only keys that can be set", () => {
    const table = keyTable(keys);
    const named = matches(/pulumi config set (?:--path |--secret )*([A-Za-z][A-Za-z.]*)/g).filter(
      (key) => key !== "KEY",
    );
    expect(named.filter((key) => !table.includes(`| \`${key}\` |`))).toEqual([]);
  });

  it("shows each legal step as status does", () => {
    const states = [
      { phase: "prepare", active: "blue", canary: 0 },
      { phase: "sync", active: "blue", canary: 0 },
      { phase: "switch", active: "blue", canary: 0 },
      { phase: "switch", active: "green", canary: 0 },
    ] as const;
    for (const { command } of states.flatMap((state) => nextSteps(state, "NAME")))
      expect(readme).toContain(`\`${command.replaceAll("pulumi ", "npx pulumi ")}\``);
  });

  it("has the output of a rehearsal", () => {
    const block = /<!-- rehearsal output -->\n```\n([\s\S]+?)\n```\n<!-- end -->/.exec(readme)?.[1];
    expect(block?.split("\n")[0]).toMatch(/^OK {2}0 edits lost/);
  });

  it("links to files that there are", () => {
    const links = matches(/\]\(([^)#:]+)\)/g);
    expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
  });
});

function matches(pattern: RegExp): string[] {
  return [...readme.matchAll(pattern)].map((match) => match[1] as string);
}
