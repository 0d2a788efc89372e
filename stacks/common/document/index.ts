import type { Kinds } from "../kind";
import { editorSchema } from "./editorSchema";
import { configPage } from "./page";
import { projectFile } from "./projectFile";

/** The files that are generated from the schemas of all kinds, by their paths in the project. */
export function documents(kinds: Kinds): Record<string, string> {
  return Object.fromEntries([
    ["Pulumi.yaml", projectFile(kinds)],
    ...Object.entries(kinds).flatMap(([name, kind]) => [
      [`docs/config/${name}.md`, configPage(name, kind)],
      [`docs/config/${name}.schema.json`, editorSchema(kind)],
    ]),
  ]);
}
