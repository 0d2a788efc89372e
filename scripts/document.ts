import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyTable, projectFile } from "../stacks/common/config/document";
import { keys } from "../stacks/mediawiki/config";

/** Writes Pulumi.yaml and the README's table of config keys from the one list of keys. */
const root = join(__dirname, "..");
writeFileSync(join(root, "Pulumi.yaml"), projectFile(keys));
const readme = join(root, "README.md");
const text = readFileSync(readme, "utf8");
const marked = /(<!-- config keys: npm run document -->\n)[\s\S]*?(\n<!-- end of config keys -->)/;
if (!marked.test(text)) throw new Error("README.md has no marks for the table of config keys");
writeFileSync(
  readme,
  text.replace(marked, (_all, begin, end) => `${begin}${keyTable(keys)}${end}`),
);
