import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { keyNamed, keysOf } from "../../../stacks/common/config/keys";
import { schema } from "../../../stacks/mediawiki/config";

const root = join(__dirname, "../../..");
const keys = keysOf(schema);
const sections = new Set(keys.map(({ name }) => name.split(".")[0] as string));

/** Names in texts that are no keys although they begin like one: files, classes, code that is shown. */
const others = [/\.(md|html|ts|js|json|php|sh|cnf|lua|cfg|yaml)$/, /^wiki\.example\./];

/** The texts of a source: what stands in quotes, without what is put into it. */
function textsOf(source: string): string[] {
  const code = source
    .replace(/^\s*(\*|\/\/|import\b|export .* from\b).*$/gm, "")
    .replace(/\$\{[^{}]*\}/g, "…");
  return [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)].map(([, a, b]) => a ?? b ?? "");
}

/** Names that a text gives to keys: `cutover.maxLagMs`, and what follows `config set`. */
function namesIn(text: string): string[] {
  const dotted = [...text.matchAll(/(?<![\w.$@/:…-])([a-z]+)((?:\.[a-z][A-Za-z]*)+)(?![\w(=/-])/g)]
    .filter(([, first]) => sections.has(first as string))
    .map(([name]) => name);
  const set = [...text.matchAll(/config (?:set|rm) ((?:--\w+ )*)([a-z][A-Za-z]*(?:\.[A-Za-z]+)*)(?![\w-])/g)];
  return [...dotted, ...set.map(([, , name]) => name as string)];
}

const exists = (name: string) =>
  keyNamed(keys, name) !== undefined ||
  keys.some((key) => key.name.startsWith(`${name}.`)) ||
  /^hosts\.[a-z]+\.(host|hostKey|user|port)$/.test(name) ||
  name === "hosts.NAME";

test("names of keys are found in texts, and nothing else", () => {
  const source = [
    'import { a } from "./files.part";',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a source.
    "const a = `Set cutover.maxLagMs, or blue.web: ${wiki.gone} and x.wiki.gone; pulumi config set canary 0`;",
    "const b = wiki.gone; // cutover.gone",
    'say("pulumi config set --path --secret nosuch; see files.md, /etc/files.d, wiki.example.org");',
  ].join("\n");
  const names = textsOf(source).flatMap(namesIn);
  expect(names.filter((name) => !others.some((other) => other.test(name)))).toEqual([
    "cutover.maxLagMs",
    "blue.web",
    "canary",
    "nosuch",
  ]);
});

test("every key that a message names can be set", () => {
  const wrong: string[] = [];
  let found = 0;
  for (const folder of ["engine", "stacks", "components", "scripts", "test/e2e"]) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts")) continue;
      const names = textsOf(readFileSync(join(root, folder, file), "utf8")).flatMap(namesIn);
      found += names.length;
      wrong.push(
        ...names
          .filter((name) => !exists(name) && !others.some((other) => other.test(name)))
          .map((name) => `${folder}/${file}: ${name}`),
      );
    }
  }
  expect(wrong).toEqual([]);
  expect(found).toBeGreaterThan(80);
});

test("every key that a page names can be set", () => {
  const pages = ["README.md", ...["docs", "components"].flatMap((folder) => pagesIn(folder))];
  const named = pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/`([^`\n]+)`/g)]
      .flatMap(([, code]) => namesIn(code as string))
      .map((name) => ({ page, name })),
  );
  expect(named.length).toBeGreaterThan(80);
  expect(named.filter(({ name }) => !exists(name) && !others.some((other) => other.test(name)))).toEqual([]);
});

function pagesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join(folder, file));
}
