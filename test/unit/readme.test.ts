import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { keyNamed, keysOf } from "../../stacks/common/config/keys";
import { nextSteps } from "../../stacks/common/phase";
import { schema } from "../../stacks/mediawiki/config";

const root = join(__dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Every Markdown page of the project, by its path from the root. */
const pages = ["", "components", "docs", "engine", "plugins", "scripts", "stacks", "test"]
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: folder !== "", withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  )
  .sort();

/** What tells people what to type today; the changelog also tells of commands that are gone. */
const guides = pages.filter((page) => page !== "CHANGELOG.md");

describe("the README", () => {
  const readme = read("README.md");

  it("can be read in five minutes", () => {
    expect(Buffer.byteLength(readme)).toBeLessThanOrEqual(12_000);
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
});

describe("the table of error codes", () => {
  const errors = read("docs/errors.md");

  it("lists every code of the source, and no other", () => {
    const text = ["engine", "stacks", "scripts", "components"].flatMap(sources).join("\n");
    const inSource = codesIn(text, /"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g);
    expect(inSource.length).toBeGreaterThan(100);
    expect(codesIn(errors, /^\| `([A-Z0-9_]+)` \|/gm)).toEqual(inSource);
  });

  it("gives each code one meaning and one remedy", () => {
    const rows = errors.split("\n").filter((line) => /^\| `[A-Z0-9]+_[A-Z0-9_]+` \|/.test(line));
    expect(new Set(rows.map((row) => row.split("|")[1])).size).toBe(rows.length);
    for (const row of rows) expect(row).toMatch(/^\| `[A-Z0-9_]+` \| \S.*\. \| \S.*\. \|$/);
  });
});

describe("the pages", () => {
  it("begin with a title and a line on what they are for", () => {
    for (const page of pages.filter((page) => page.startsWith("docs/")))
      expect([page, read(page)]).toEqual([page, expect.stringMatching(/^# \S.*\n\n[A-Z]/)]);
  });

  it("are listed in docs/README.md", () => {
    const listed = linksOf("docs/README.md").map(({ file }) => file);
    const missing = guides.filter((page) => page !== "docs/README.md" && !listed.includes(page));
    expect(missing).toEqual([]);
  });

  it("link to files and headings that exist", () => {
    const links = pages.flatMap(linksOf);
    expect(links.filter(({ heading }) => heading !== undefined).length).toBeGreaterThan(3);
    expect(links.filter((link) => !leadsSomewhere(link))).toEqual([]);
  });

  it("name only npm scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const named = inGuides(/npm run ([a-z]+(?::[a-z]+)?)/g);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it("name only config keys that exist", () => {
    const keys = keysOf(schema);
    const named = inGuides(/pulumi config set (?:--path |--secret )*([A-Za-z][A-Za-z.]*)/g);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((key) => key !== "KEY" && !keyNamed(keys, key))).toEqual([]);
  });
});

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
}

/** Names in capitals that are other programs' codes. */
const others = /^ER_/;

function codesIn(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] as string))]
    .filter((code) => !others.test(code))
    .sort();
}

function inGuides(pattern: RegExp): string[] {
  return guides.flatMap((page) => [...read(page).matchAll(pattern)].map((match) => match[1] as string));
}

interface Link {
  page: string;
  /** Path from the root. */
  file: string;
  heading: string | undefined;
}

/** The relative links of a page; those to other sites are not followed. */
function linksOf(page: string): Link[] {
  return [...read(page).matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, path, heading]) => ({
    page,
    file: path ? join(dirname(page), path) : page,
    heading,
  }));
}

function leadsSomewhere({ file, heading }: Link): boolean {
  if (!existsSync(join(root, file))) return false;
  return heading === undefined || anchorsOf(read(file)).includes(heading);
}

/** The anchors that GitHub gives to a page's headings. */
function anchorsOf(text: string): string[] {
  return [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    (title as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
