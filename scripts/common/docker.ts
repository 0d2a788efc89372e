import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import type Docker from "dockerode";
import { WikiferryError } from "../../engine/errors";
import { localDocker } from "../setup/localEngine";
import { type PutFile, putFiles } from "./putFiles";

export const docker: Docker = localDocker();

const is404 = (error: unknown): boolean => (error as { statusCode?: number }).statusCode === 404;

/** The result, or undefined where the engine has no such object. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (is404(error)) return undefined;
    throw error;
  }
}

export interface ExecOptions {
  user?: string;
  /** Extra environment, `NAME=value`. */
  env?: string[];
}

/** Runs a command in a container and returns its output. @throws `WORLD_COMMAND` with the end of its output */
export async function run(container: string, command: string[], options: ExecOptions = {}): Promise<string> {
  const exec = await docker.getContainer(container).exec({
    Cmd: command,
    User: options.user,
    Env: options.env,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const collect = (into: Buffer[]) => new PassThrough().on("data", (piece: Buffer) => into.push(piece));
  docker.modem.demuxStream(stream, collect(out), collect(err));
  await finished(stream);
  const stdout = Buffer.concat(out).toString();
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0) {
    const tail = `${stdout}\n${Buffer.concat(err).toString()}`.trim().slice(-1500);
    throw new WikiferryError(
      "WORLD_COMMAND",
      `${command.slice(0, 3).join(" ")} in ${container} ended with ${ExitCode}: ${tail}`,
      "Run `npm run world -- down` and then `up` again.",
    );
  }
  return stdout;
}

export const sh = (container: string, script: string, options?: ExecOptions): Promise<string> =>
  run(container, ["sh", "-euc", script], options);

export const put = (container: string, files: PutFile[]): Promise<void> =>
  putFiles(docker.getContainer(container), files);

/** Runs a script in a temporary container. */
export async function runOnce(
  image: string,
  script: string,
  binds: string[],
  labels: Record<string, string>,
): Promise<void> {
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ["sh", "-euc", script],
    Labels: labels,
    HostConfig: { Binds: binds, NetworkMode: "none" },
  });
  try {
    await container.start();
    const { StatusCode } = await container.wait();
    if (StatusCode !== 0) {
      const logs = await container.logs({ stdout: true, stderr: true });
      throw new WikiferryError(
        "WORLD_COMMAND",
        `\`${script.slice(0, 200)}\` in a container of ${image} ended with ${StatusCode}: ${logs.toString().slice(-500)}`,
        "See that the disk is not full, then run this again.",
      );
    }
  } finally {
    await container.remove({ force: true, v: true });
  }
}
