import { hashOf } from "../../engine/resources/lifecycle";
import { type Changes, resourcesOf, type Stack } from "./mockedStack";

/**
 * Prints, for each of some configs of a stack, the inputs of its dynamic resources, hashed as their provider hashes them:
 * `inputHashes.ts STACK CONFIGS`, the configs as a JSON array of changes.
 */
const [stack, configs] = process.argv.slice(2) as [Stack, string];

// Pulumi keeps a stack trace for each promise: with source maps, that is half of the work.
Error.stackTraceLimit = 0;

async function main(): Promise<void> {
  const hashes: Record<string, string>[] = [];
  for (const changes of JSON.parse(configs) as Changes[]) {
    const resources = await resourcesOf(stack, changes);
    const dynamic = resources.filter(({ inputs }) => "__provider" in inputs);
    hashes.push(Object.fromEntries(dynamic.map(({ name, inputs }) => [name, hashOf(inputs)])));
  }
  process.stdout.write(JSON.stringify(hashes));
}

main();
