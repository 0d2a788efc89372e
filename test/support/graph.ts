import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { readConfig } from "../../stacks/common/config/read";
import { ladderFor } from "../../stacks/common/phase";
import { keys } from "../../stacks/mediawiki/config";
import { moveSpec, secretsOf } from "../../stacks/mediawiki/spec";
import { mediaWikiStack } from "../../stacks/mediawiki/stack";
import { rawConfig } from "./stackConfig";

/**
 * Prints the resource graph of a stack under Pulumi's mocks: `graph.ts STACK CHANGES`, the changes of the config as
 * JSON. A process of its own, since Pulumi serializes the dynamic providers with the real `require`.
 */
interface Recorded {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  options: Options;
}

/** What protects a resource, and its order; only what is set. */
interface Options {
  protect?: boolean;
  retainOnDelete?: boolean;
  deleteBeforeReplace?: boolean;
  /** Names of the resources it waits for: its `dependsOn`, and those whose outputs are its inputs. */
  dependsOn?: string[];
}

const secretSignature = "4dabf18193072939515e22adb298388d";
const recorded: Recorded[] = [];
const [stack, changes] = process.argv.slice(2) as ["staging" | "prod", string];

/** As the engine gets them: inherited from parents, components resolved to their children. */
function optionsOf(request: RegisterResourceRequest): Options {
  const dependsOn = request.getDependenciesList().map((urn) => urn.split("::").slice(3).join("::"));
  return {
    protect: request.getProtect() || undefined,
    retainOnDelete: request.getRetainondelete() || undefined,
    deleteBeforeReplace: request.getDeletebeforereplacedefined()
      ? request.getDeletebeforereplace()
      : undefined,
    dependsOn: dependsOn.length > 0 ? dependsOn.sort() : undefined,
  };
}

/** Mocks see the inputs of a resource only. The monitor sees its options too. */
function recordOptions(): Map<string, Options> {
  const options = new Map<string, Options>();
  const { registerResource } = MockMonitor.prototype;
  MockMonitor.prototype.registerResource = function (request: RegisterResourceRequest, callback) {
    options.set(`${request.getType()} ${request.getName()}`, optionsOf(request));
    return registerResource.call(this, request, callback);
  };
  return options;
}

/** Outputs that the real providers compute, where the program uses them. */
function computed(type: string, name: string): Record<string, string> {
  if (/:(Container|Volume)$/.test(type)) return { name: `${name}-[auto]` };
  if (type.endsWith("RemoteImage")) return { imageId: `sha256:${name}` };
  if (type.endsWith(":Certificate")) return { ca: "ca", cert: "cert" };
  if (type.endsWith("remote:Command")) return { stdout: "facts" };
  return {};
}

/** Secrets, content hashes and serialized code are not the graph's shape. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  if (secretSignature in value) return "[secret]";
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => key !== "__provider" && inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, key === "spec" ? "[the move]" : plain(inner)]),
  );
}

async function main(): Promise<void> {
  const options = recordOptions();
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs }: pulumi.runtime.MockResourceArgs) {
        recorded.push({ type, name, inputs, options: options.get(`${type} ${name}`) ?? {} });
        return { id: `${name}-id`, state: { ...computed(type, name), ...inputs } };
      },
      call: () => ({}),
    },
    "wikiferry",
    stack,
  );
  const config = readConfig(keys, rawConfig(stack, JSON.parse(changes ?? "{}")));
  const wanted = { phase: config.phase, active: config.active, canary: config.canary };
  const ladder = ladderFor(wanted, config["wiki.name"], config["wiki.name"]);
  await pulumi.runtime.runInPulumiStack(async () => {
    mediaWikiStack(config, moveSpec(config), secretsOf(config, process.cwd()), ladder);
  });
  const { waitForRPCs } = pulumi.runtime as unknown as { waitForRPCs(): Promise<void> };
  await waitForRPCs();
  const resources = recorded
    .filter(({ type }) => type !== "pulumi:pulumi:Stack")
    .sort((a, b) => (a.name < b.name ? -1 : 1));
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
