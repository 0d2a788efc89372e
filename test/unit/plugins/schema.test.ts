import { join } from "node:path";
import ts from "typescript";
import { z } from "zod";
import { cloudflare } from "../../../plugins/cloudflare/provider";
import { command } from "../../../plugins/command/provider";
import { docker } from "../../../plugins/docker/provider";

const projectDir = join(__dirname, "../../..");
const providers = [docker, command, cloudflare];
const vendorFile = (path: string) => join(projectDir, "node_modules/@pulumi", path);

/** `docker:index/container:Container` is declared in docker/container.d.ts, `command:local:Command` in command/local/command.d.ts. */
function declaration(token: string): { file: string; name: string } {
  const [provider = "", module = "", name = ""] = token.split(":");
  const path = module.startsWith("index/")
    ? module.slice("index/".length)
    : `${module}/${name.toLowerCase()}`;
  return { file: vendorFile(`${provider}/${path}.d.ts`), name };
}

const tokens = providers.flatMap((provider) => Object.keys(provider.resources));
const program = ts.createProgram(
  [
    ...tokens.map((token) => declaration(token).file),
    ...providers.map(({ name }) => vendorFile(`${name}/provider.d.ts`)),
  ],
  {
    strict: true,
    target: ts.ScriptTarget.ES2022,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    types: [],
  },
);
const checker = program.getTypeChecker();

function exported(file: string, name: string): ts.Type {
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find((candidate) => candidate.name === name);
  if (!symbol) throw new Error(`${file} exports no ${name}`);
  return checker.getDeclaredTypeOfSymbol(symbol);
}

/** The plain alternatives inside `Input<T | undefined>`: not a promise, an Output, or undefined. */
function alternatives(type: ts.Type): ts.Type[] {
  const members = type.isUnion() ? type.types : [type];
  return members.filter((member) => {
    const name = member.symbol?.name ?? member.aliasSymbol?.name;
    const flags = ts.TypeFlags.Undefined | ts.TypeFlags.Null;
    return (member.flags & flags) === 0 && !["Promise", "OutputInstance", "Output"].includes(name ?? "");
  });
}

interface Json {
  type?: string;
  enum?: unknown[];
  properties?: Record<string, Json>;
  required?: string[];
  items?: Json;
  additionalProperties?: Json | boolean;
}

function disagreements(ours: Json, theirs: ts.Type, path: string): string[] {
  const options = alternatives(theirs);
  if (options.some((option) => option.flags & ts.TypeFlags.Any)) return [];
  if (ours.enum && !options.some((option) => option.flags & ts.TypeFlags.String)) {
    const values = options.flatMap((option) => (option.isLiteral() ? [option.value] : []));
    return ours.enum
      .filter((value) => !values.includes(value as string))
      .map((value) => `${path}: no value ${value}`);
  }
  const has = (flag: ts.TypeFlags) => options.some((option) => (option.flags & flag) !== 0);
  switch (ours.type) {
    case "string":
      return has(ts.TypeFlags.StringLike) ? [] : [`${path}: not a string for the vendor`];
    case "number":
      return has(ts.TypeFlags.NumberLike) ? [] : [`${path}: not a number for the vendor`];
    case "boolean":
      return has(ts.TypeFlags.BooleanLike) ? [] : [`${path}: not a boolean for the vendor`];
    case "array": {
      const list = options.find((option) => checker.isArrayType(option));
      const element = list && checker.getTypeArguments(list as ts.TypeReference)[0];
      if (!element) return [`${path}: not a list for the vendor`];
      return ours.items ? disagreements(ours.items, element, `${path}[]`) : [];
    }
    case "object": {
      const object = options.find(
        (option) => (option.flags & ts.TypeFlags.Object) !== 0 && !checker.isArrayType(option),
      );
      if (!object) return [`${path}: not an object for the vendor`];
      return ours.properties ? objectDisagreements(ours, object, path) : mapDisagreements(ours, object, path);
    }
    default:
      return [];
  }
}

function mapDisagreements(ours: Json, theirs: ts.Type, path: string): string[] {
  const value = theirs.getStringIndexType();
  if (!value) return [`${path}: not a map for the vendor`];
  return typeof ours.additionalProperties === "object"
    ? disagreements(ours.additionalProperties, value, `${path}.*`)
    : [];
}

function objectDisagreements(ours: Json, theirs: ts.Type, path: string): string[] {
  const found: string[] = [];
  for (const [name, property] of Object.entries(ours.properties ?? {})) {
    const symbol = theirs.getProperty(name);
    if (!symbol) found.push(`${path}.${name}: the vendor has no such property`);
    else found.push(...disagreements(property, checker.getTypeOfSymbol(symbol), `${path}.${name}`));
  }
  for (const symbol of theirs.getProperties()) {
    const required = (symbol.flags & ts.SymbolFlags.Optional) === 0;
    if (required && !ours.required?.includes(symbol.name))
      found.push(`${path}.${symbol.name}: the vendor requires it`);
  }
  return found;
}

const jsonOf = (schema: z.ZodType): Json => z.toJSONSchema(schema, { io: "input" }) as Json;

describe("an offline plugin accepts and returns what the vendor's SDK declares", () => {
  for (const provider of providers)
    for (const [token, type] of Object.entries(provider.resources)) {
      const { file, name } = declaration(token);

      test(`${token}: inputs have the vendor's names, types and optionality`, () => {
        expect(objectDisagreements(jsonOf(type.inputs), exported(file, `${name}Args`), name)).toEqual([]);
      });

      test(`${token}: outputs are declared by the vendor`, () => {
        const resource = exported(file, name);
        const unknown = [...type.outputs, ...Object.keys(type.inputs.shape)].filter(
          (output) => !resource.getProperty(output),
        );
        expect(unknown).toEqual([]);
      });

      test(`${token}: what replaces, names or defaults is an input`, () => {
        const named = [
          ...type.replaceOn,
          ...Object.keys(type.defaults ?? {}),
          ...(type.autoName ? [type.autoName] : []),
        ];
        expect(named.filter((input) => !(input in type.inputs.shape))).toEqual([]);
      });
    }

  test.each(providers.map((provider) => [provider.name, provider] as const))(
    "%s: the provider's configuration has the vendor's names and types",
    (_name, provider) => {
      const args = exported(vendorFile(`${provider.name}/provider.d.ts`), "ProviderArgs");
      expect(objectDisagreements(jsonOf(provider.config), args, provider.name)).toEqual([]);
    },
  );
});
