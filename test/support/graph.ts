import { resourcesOf, type Stack } from "./mockedStack";

/**
 * Prints the resource graph of a stack under Pulumi's mocks: `graph.ts STACK CHANGES`, the changes of the config as
 * JSON.
 */
const [stack, changes] = process.argv.slice(2) as [Stack, string];

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

async function main(): Promise<void> {
  const resources = await resourcesOf(stack, JSON.parse(changes));
  const graph = resources.map(({ type, name, inputs, options }) => ({
    type,
    name,
    options: plain(options),
    inputs: plain(inputs),
  }));
  const providers = resources
    .filter(({ inputs }) => "__provider" in inputs)
    .map(({ inputs }) => inputs.__provider);
  process.stdout.write(JSON.stringify({ graph, providers }));
}

main();
