import type { Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { messageOf, WikiferryError } from "../../errors";
import type { ContainerRef } from "../../move";
import type { SshPool } from "../ssh/pool";
import { findContainer } from "./lookup";
import { BrokenOff, readOutput } from "./output";

export interface ContainerExecResult {
  exitCode: number;
  /** Empty when `onStdout` received it. */
  stdout: string;
  stderr: string;
}

export interface ContainerExecOptions {
  /** Text or a stream for the command's input. The stream is read no faster than the command reads. */
  stdin?: string | Buffer | Readable;
  /** Variables for this command only: the place for a password. */
  env?: Record<string, string>;
  /** Defaults to the image's user. */
  user?: string;
  /** Receives the standard output as it arrives. Reading pauses while a promise that it returned is pending. */
  onStdout?: (chunk: Buffer) => void | Promise<void>;
}

/**
 * Runs a command in a running container, without a shell. Returns a non-zero exit code instead of throwing.
 * @throws `CONTAINER_MISSING` when there is no such container or it doesn't run, `DOCKER_UNREACHABLE` when the engine
 * doesn't answer
 */
export async function execInContainer(
  ref: ContainerRef,
  command: string[],
  pool: SshPool,
  options: ContainerExecOptions = {},
): Promise<ContainerExecResult> {
  const { exec, stream } = await startInContainer(ref, command, pool, {
    ...options,
    withStdin: options.stdin !== undefined,
  });
  // A command may end without reading all of its input. Its exit code says whether that is a failure.
  const fed = feed(stream, options.stdin).catch((error: unknown) => error);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const take = options.onStdout ?? ((data: Buffer) => void stdout.push(data));
  let brokenOff: unknown;
  try {
    await readOutput(stream, take, (data) => void stderr.push(data));
  } catch (error) {
    const inputError = isSourceError(await settled(fed)) ? await fed : undefined;
    if (inputError) throw inputError;
    if (!(error instanceof BrokenOff)) throw error;
    brokenOff = error.cause;
  } finally {
    stream.destroy();
  }
  const inputError = await settled(fed);
  if (isSourceError(inputError)) throw inputError;
  // The engine closes the connection while input is still being sent to a command that has ended. A failed command is
  // reported with the output received so far; a success might lack some of it.
  const exitCode = await exitCodeOf(exec, ref).catch((error) => {
    throw brokenOff ? explain(brokenOff, ref) : error;
  });
  if (brokenOff && exitCode === 0) throw explain(brokenOff, ref);
  return { exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** Whether the container exists, running or not. @throws `DOCKER_UNREACHABLE` */
export async function isMade(ref: ContainerRef, pool: SshPool): Promise<boolean> {
  try {
    const found = await findContainer(ref, pool);
    await found?.inspect();
    return found !== undefined;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw explain(error, ref);
  }
}

/**
 * Starts a command in a running container. Its output is multiplexed (`FrameSplitter`). @throws as `execInContainer`
 */
export async function startInContainer(
  ref: ContainerRef,
  command: string[],
  pool: SshPool,
  options: Pick<ContainerExecOptions, "env" | "user"> & { withStdin: boolean },
): Promise<{ exec: Docker.Exec; stream: Duplex }> {
  try {
    const container = await findContainer(ref, pool);
    if (!container) throw missing(ref, "no container with that label is running");
    const exec = await container.exec({
      Cmd: command,
      AttachStdin: options.withStdin,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      ...(options.user === undefined ? {} : { User: options.user }),
      ...(options.env && { Env: Object.entries(options.env).map(([name, value]) => `${name}=${value}`) }),
    });
    return { exec, stream: await exec.start({ hijack: true, stdin: options.withStdin }) };
  } catch (error) {
    throw explain(error, ref);
  }
}

/** Like `execInContainer`, for a command that must succeed. Returns its standard output. @throws `CONTAINER_COMMAND` */
export async function runInContainer(
  ref: ContainerRef,
  command: string[],
  pool: SshPool,
  options: ContainerExecOptions = {},
): Promise<string> {
  const result = await execInContainer(ref, command, pool, options);
  if (result.exitCode !== 0) {
    const said = (result.stderr.trim() || result.stdout.trim()).slice(-500);
    throw new WikiferryError(
      "CONTAINER_COMMAND",
      `\`${command.join(" ").slice(0, 200)}\` in ${ref.container} ended with exit code ${result.exitCode}: ${said}`,
      `Run it by hand with \`docker exec ${ref.container} …\` to see why`,
    );
  }
  return result.stdout;
}

/** An error of the input stream, as opposed to one of the connection to the container. */
class SourceError extends Error {}

function isSourceError(error: unknown): boolean {
  return error instanceof SourceError;
}

async function feed(stream: Duplex, stdin: ContainerExecOptions["stdin"]): Promise<void> {
  if (stdin === undefined) return;
  if (typeof stdin === "string" || Buffer.isBuffer(stdin)) {
    stream.end(stdin);
    return;
  }
  const source = stdin;
  await pipeline(async function* () {
    try {
      for await (const chunk of source) {
        // Output that has arrived is read first: a write to a command that has ended fails and loses the command's last
        // output.
        await nextTurn();
        if (stream.readableEnded) return;
        yield chunk;
      }
    } catch (error) {
      throw new SourceError(messageOf(error), { cause: error });
    }
  }, stream);
}

/** The result of `promise` so far; undefined while it is pending. */
function settled(promise: Promise<unknown>): Promise<unknown> {
  return Promise.race([promise, sleep(0, undefined)]);
}

async function exitCodeOf(exec: Docker.Exec, ref: ContainerRef): Promise<number> {
  let unanswered: unknown;
  // The output ends a moment before the engine has recorded the exit code.
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      const state = await exec.inspect();
      if (!state.Running && state.ExitCode !== null) return state.ExitCode;
      unanswered = undefined;
    } catch (error) {
      // Asks once more, because a kept connection may have closed meanwhile.
      if (unanswered) throw explain(error, ref);
      unanswered = error;
    }
    await sleep(20 + attempt * 4);
  }
  throw new WikiferryError(
    "CONTAINER_COMMAND",
    `a command in ${ref.container} closed its output and is still running`,
    `See \`docker top ${ref.container}\``,
  );
}

function engineOf({ dockerVia }: ContainerRef): string {
  return dockerVia ? `the Docker engine of ${dockerVia.host}` : "the local Docker engine";
}

function missing(ref: ContainerRef, why: string, cause?: unknown): WikiferryError {
  return new WikiferryError(
    "CONTAINER_MISSING",
    `${engineOf(ref)} has no running container ${ref.container} (${why})`,
    "Start it with `pulumi up`, or see `docker ps -a` and `docker logs` there",
    { cause },
  );
}

function explain(error: unknown, ref: ContainerRef): unknown {
  if (error instanceof WikiferryError) return error;
  const status = (error as { statusCode?: number }).statusCode;
  const where = engineOf(ref);
  if (status === 404 || status === 409) {
    return missing(ref, messageOf(error).trim(), error);
  }
  if (status === undefined) {
    return new WikiferryError(
      "DOCKER_UNREACHABLE",
      `no answer from ${where} (${messageOf(error)})`,
      "See that Docker runs and that the user may open its socket",
      { cause: error },
    );
  }
  return error;
}
