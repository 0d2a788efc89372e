import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { documents } from "../stacks/common/document";
import { kinds } from "../stacks/kinds";

/** Writes Pulumi.yaml, and of each kind the page of its config keys and the schema for editors. */
for (const [path, text] of Object.entries(documents(kinds))) {
  const file = join(__dirname, "..", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
