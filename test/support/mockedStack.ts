import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { ladderFor } from "../../stacks/common/phase";
import { moveSpec, secretsOf } from "../../stacks/mediawiki/spec";
import { mediaWikiStack } from "../../stacks/mediawiki/stack";
import { type StackName, stackConfig } from "./stackConfig";

/** A resource as the engine would get it. */
export interface Recorded {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  options: Options;
}

/** What protects a resource, and its order; only what is set. */
export interface Options {
  protect?: boolean;
  retainOnDelete?: boolean;
  deleteBeforeReplace?: boolean;
  /** Names of the resources it waits for: its `dependsOn`, and those whose outputs are its inputs. */
  dependsOn?: string[];
}

export type Stack = StackName;
export type Changes = Record<string, string | number | boolean>;

/** Mocks see the inputs of a resource only. The monitor sees its options too. */
const options = new Map<string, Options>();
const { registerResource } = MockMonitor.prototype;
MockMonitor.prototype.registerResource = function (request: RegisterResourceRequest, callback) {
  options.set(`${request.getType()} ${request.getName()}`, optionsOf(request));
  return registerResource.call(this, request, callback);
};

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

/** Outputs that the real providers compute, where the program uses them. */
function computed(type: string, name: string): Record<string, string> {
  if (/:(Container|Volume)$/.test(type)) return { name: `${name}-[auto]` };
  if (type.endsWith("RemoteImage")) return { imageId: `sha256:${name}` };
  if (type.endsWith(":Certificate")) return { ca: "ca", cert: "cert" };
  if (type.endsWith("remote:Command")) return { stdout: "facts" };
  return {};
}

/**
 * The resources that a stack declares, by name, under Pulumi's mocks. Needs a process of its own, since Pulumi
 * serializes the dynamic providers with the real `require`.
 * @param changes Of the stack's config.
 */
export async function resourcesOf(stack: Stack, changes: Changes): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
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
  const config = stackConfig(stack, changes);
  const wanted = { phase: config.phase, active: config.active, canary: config.canary };
  const ladder = ladderFor(wanted, config.name, config.name);
  await pulumi.runtime.runInPulumiStack(async () => {
    mediaWikiStack(config, moveSpec(config), secretsOf(config, process.cwd()), ladder);
  });
  const { waitForRPCs } = pulumi.runtime as unknown as { waitForRPCs(): Promise<void> };
  await waitForRPCs();
  return recorded
    .filter(({ type }) => type !== "pulumi:pulumi:Stack")
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
