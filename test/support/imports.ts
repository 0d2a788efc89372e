import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";
import { preProcessFile } from "typescript";

export const root = resolve(__dirname, "../..");

/** Each file by its path from the project's folder, with the files that it imports. */
export type Imports = Map<string, string[]>;

/** All TypeScript files in the folders, and the named files. @throws for an import of a file that does not exist */
export function readImports(places: readonly string[]): Imports {
  const files = places.flatMap((place) =>
    place.endsWith(".ts")
      ? [place]
      : readdirSync(join(root, place), { recursive: true, encoding: "utf8" })
          .filter((name) => name.endsWith(".ts"))
          .map((name) => join(place, name)),
  );
  return new Map(
    files.sort().map((file) => {
      const targets = importsIn(readFileSync(join(root, file), "utf8")).flatMap(
        (name) => fileOf(name, file) ?? [],
      );
      return [file, [...new Set(targets)]] as const;
    }),
  );
}

/** The relative imports of a source: values, types, `import(…)`, `require(…)` and `export … from`. */
export function importsIn(source: string): string[] {
  return preProcessFile(source, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith("."));
}

/**
 * The file that is meant; undefined for one that is named by its path from the project's folder. Only code that is
 * serialized into Pulumi's state does that (components/dynamic/shim.ts): it is where another process begins.
 */
function fileOf(name: string, importer: string): string | undefined {
  const found = (from: string) =>
    [".ts", "/index.ts", ""]
      .map((end) => normalize(join(from, name + end)))
      .find((file) => existsSync(join(root, file)) && statSync(join(root, file)).isFile());
  const file = found(dirname(importer));
  if (file === undefined && found("") === undefined)
    throw new Error(`${importer} imports ${name}, which is not there`);
  return file;
}

/** Groups of files that reach each other (Tarjan, 1972). */
export function circlesIn(imports: Imports): string[][] {
  const number = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const visit = (file: string) => {
    number.set(file, number.size);
    lowest.set(file, number.size - 1);
    open.push(file);
    for (const target of imports.get(file) ?? []) {
      if (!number.has(target)) visit(target);
      else if (!open.includes(target)) continue;
      lowest.set(file, Math.min(lowest.get(file) as number, lowest.get(target) as number));
    }
    if (lowest.get(file) !== number.get(file)) return;
    const group = open.splice(open.indexOf(file));
    if (group.length > 1 || imports.get(file)?.includes(file)) found.push(group.sort());
  };
  for (const file of imports.keys()) if (!number.has(file)) visit(file);
  return found;
}

/** A file, everything that it imports, everything that those import, and so on. */
export function reachedFrom(file: string, imports: Imports): Set<string> {
  const reached = new Set([file]);
  for (const one of reached) for (const target of imports.get(one) ?? []) reached.add(target);
  return reached;
}
