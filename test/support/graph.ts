import { type Changes, resourcesOf, type Stack } from "./mockedStack";

/**
 * Prints the resource graph of each of some stacks under Pulumi's mocks: `graph.ts CASES`, a JSON array of stacks with the
 * changes of their config.
 */
const cases = JSON.parse(process.argv[2] as string) as [Stack, Changes][];

// Pulumi keeps a stack trace for each promise: with source maps, that is half of the work.
Error.stackTraceLimit = 0;

const secretSignature = "4dabf18193072939515e22adb298388d";

/** Secrets, content hashes and serialized code are not part of the graph's shape. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  if (secretSignature in value) return "[secret]";
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => key !== "__provider" && inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, plain(inner)]),
  );
}

async function graphOf(stack: Stack, changes: Changes) {
  const resources = await resourcesOf(stack, changes);
  const graph = resources.map(({ type, name, inputs, options }) => ({
    type,
    name,
    options: plain(options),
    inputs: plain(inputs),
  }));
  const providers = resources
    .filter(({ inputs }) => "__provider" in inputs)
    .map(({ inputs }) => inputs.__provider);
  return { graph, providers };
}

async function main(): Promise<void> {
  const graphs: object[] = [];
  for (const [stack, changes] of cases) graphs.push(await graphOf(stack, changes));
  process.stdout.write(JSON.stringify(graphs));
}

main();
