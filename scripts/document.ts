import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyTable, projectFile } from "../stacks/common/config/document";
import { keys } from "../stacks/mediawiki/config";

/** Writes Pulumi.yaml and the page of config keys from the one list of keys. */
const root = join(__dirname, "..");
writeFileSync(join(root, "Pulumi.yaml"), projectFile(keys));
const page = join(root, "docs/config/mediawiki.md");
const text = readFileSync(page, "utf8");
const marked = /(<!-- config keys: npm run document -->\n)[\s\S]*?(\n<!-- end of config keys -->)/;
if (!marked.test(text)) throw new Error(`${page} has no marks for the table of config keys`);
writeFileSync(
  page,
  text.replace(marked, (_all, begin, end) => `${begin}${keyTable(keys)}${end}`),
);
