import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { type Call, InitializationError, type ResourceType } from "../sdk/resource";
import type { Bag } from "../sdk/values";
import { type ContainerInputs, containerInputs, updatable } from "./containerInputs";
import { createOptions, endpoint, resources } from "./containerOptions";
import { type DockerConfig, engine, follow, orGone } from "./engine";
import { putUploads } from "./uploads";

type DockerCall = Call<DockerConfig>;

function outputsOf(found: Docker.ContainerInspectInfo): Bag {
  const networks = Object.entries(found.NetworkSettings.Networks ?? {});
  return {
    name: found.Name.replace(/^\//, ""),
    exitCode: found.State.ExitCode,
    networkDatas: networks.map(([networkName, network]) => ({
      networkName,
      ipAddress: network.IPAddress,
      ipPrefixLength: network.IPPrefixLen,
      gateway: network.Gateway,
      macAddress: network.MacAddress,
      globalIpv6Address: network.GlobalIPv6Address,
      globalIpv6PrefixLength: network.GlobalIPv6PrefixLen,
      ipv6Gateway: network.IPv6Gateway,
    })),
  };
}

async function lastLines(container: Docker.Container): Promise<string> {
  const output = await container.logs({ stdout: true, stderr: true, tail: 15 });
  // Without a terminal each chunk has an 8-byte header: docs.docker.com/engine/api, ContainerAttach.
  const printable = (line: string) => [...line].filter((char) => char >= " " || char === "\t").join("");
  return output.toString("utf8").split("\n").map(printable).filter(Boolean).join("\n");
}

/** Waits only with `wait`. Otherwise the container just has to be running, if it must. */
async function untilUp(
  call: DockerCall,
  container: Docker.Container,
  wanted: ContainerInputs,
): Promise<void> {
  const name = wanted.name ?? container.id;
  const timeoutSeconds = wanted.waitTimeout ?? 60;
  const deadlineMs = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const { State } = await container.inspect();
    const ended = !State.Running && !State.Restarting;
    if (ended && (wanted.mustRun !== false || wanted.wait))
      throw new Error(
        `container ${name} should be running and ended with exit code ${State.ExitCode}${State.Error ? ` (${State.Error})` : ""}; its last lines:\n${await lastLines(container)}`,
      );
    if (!wanted.wait) return;
    const health = State.Health?.Status;
    if (health === undefined || health === "none")
      throw new Error(
        `container ${name} has wait: true and no health check to wait for; give it a healthcheck`,
      );
    if (health === "healthy") return;
    if (Date.now() > deadlineMs) {
      const probe = State.Health?.Log?.at(-1)?.Output?.trim() ?? "none";
      throw new Error(
        `container ${name} should be healthy within ${timeoutSeconds} s and is ${health}; last answer of its check: ${probe}; its last lines:\n${await lastLines(container)}`,
      );
    }
    await sleep(200, undefined, { signal: call.signal });
  }
}

async function start(call: DockerCall, container: Docker.Container, wanted: ContainerInputs): Promise<void> {
  if (wanted.start === false) return;
  const { State } = await container.inspect();
  if (!State.Running) await container.start();
  await untilUp(call, container, wanted);
}

async function haveImage(docker: Docker, image: string, log: (line: string) => void): Promise<void> {
  if (await orGone(docker.getImage(image).inspect())) return;
  try {
    await follow(docker, await docker.pull(image), log);
  } catch (error) {
    throw new Error(
      `the engine has no image ${image} and can't pull it: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  }
}

/** The engine's values where they differ from the state; everything else stays. */
function drift(found: Docker.ContainerInspectInfo, state: Partial<ContainerInputs>): Bag {
  const { Config, HostConfig, State } = found;
  const drifted: Bag = {};
  if (state.image !== Config.Image && state.image !== found.Image) drifted.image = Config.Image;
  if (state.mustRun !== false && state.start !== false && !State.Running && !State.Restarting)
    drifted.mustRun = false;
  if (state.envs?.some((env) => !Config.Env.includes(env))) drifted.envs = Config.Env;
  if (state.memory !== undefined) drifted.memory = (HostConfig.Memory ?? 0) / 1024 / 1024;
  if (state.restart !== undefined) drifted.restart = HostConfig.RestartPolicy?.Name || "no";
  const attached = Object.keys(found.NetworkSettings.Networks ?? {});
  if (state.networksAdvanced?.some((network) => !attached.includes(network.name)))
    drifted.networksAdvanced = state.networksAdvanced.filter((network) => attached.includes(network.name));
  return drifted;
}

/** `docker:index/container:Container`. `read` reports a stopped container as `mustRun: false`; `up` starts it. */
export const container: ResourceType<DockerConfig, ContainerInputs> = {
  inputs: containerInputs,
  outputs: ["exitCode", "networkDatas"],
  volatile: ["exitCode", "networkDatas"],
  replaceOn: Object.keys(containerInputs.shape).filter((name) => !updatable.includes(name as never)),
  autoName: "name",
  defaults: { mustRun: true, start: true, removeVolumes: true },

  async create(call, wanted) {
    const docker = engine(call.config);
    await haveImage(docker, wanted.image, call.log);
    const made = await docker.createContainer(createOptions(wanted));
    try {
      for (const network of (wanted.networksAdvanced ?? []).slice(1))
        await docker
          .getNetwork(network.name)
          .connect({ Container: made.id, EndpointConfig: endpoint(network) });
      await putUploads(made, wanted.uploads ?? []);
      await start(call, made, wanted);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new InitializationError(made.id, outputsOf(await made.inspect()), message, { cause: error });
    }
    return { id: made.id, outputs: outputsOf(await made.inspect()) };
  },

  async read({ config }, id, state) {
    const found = await orGone(engine(config).getContainer(id).inspect());
    return found && { ...state, ...outputsOf(found), ...drift(found, state) };
  },

  async update(call, id, _state, wanted) {
    const found = engine(call.config).getContainer(id);
    try {
      await found.update(resources(wanted));
      if (wanted.mustRun !== false) await start(call, found, wanted);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new InitializationError(id, {}, message, { cause: error });
    }
    return outputsOf(await found.inspect());
  },

  async delete({ config }, id, state) {
    const found = engine(config).getContainer(id);
    const inspected = await orGone(found.inspect());
    if (!inspected) return;
    const graceSeconds = state.destroyGraceSeconds ?? state.stopTimeout;
    if (inspected.State.Running)
      await orGone(found.stop(graceSeconds === undefined ? {} : { t: graceSeconds }));
    await orGone(found.remove({ v: state.removeVolumes !== false, force: true }));
  },
};
