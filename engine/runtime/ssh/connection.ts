import { createHash } from "node:crypto";
import type { Duplex, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientChannel } from "ssh2";
import { WikiferryError } from "../../errors";
import type { Address, SshTarget } from "../../move";

export interface ExecResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** A shell command under way. */
export interface Spawned {
  channel: ClientChannel;
  /** Its exit code, as soon as it has ended; -1 if a signal ended it. Never settles if the connection is lost. */
  exited: Promise<number>;
  /** Its exit code, once its output has been read to the end and nobody holds it open; -1 if unknown. */
  closed: Promise<number>;
}

/** How long a command that has ended may be silent before its output counts as complete, in milliseconds. */
const quietMs = 400;

/** One SSH connection with a pinned host key. */
export class SshConnection {
  private ended = false;
  /** What broke the connection, if something did. */
  private broken = "";

  private constructor(
    readonly target: SshTarget,
    private readonly client: Client,
  ) {
    client.once("close", () => (this.ended = true));
    client.on("error", ({ message }) => (this.broken = message));
  }

  /**
   * @param readyTimeoutMs How long connecting and logging in may take. Defaults to 10,000.
   * @throws `SSH_HOST_KEY` when the host shows a key other than the pinned one, `SSH_REFUSED` when it rejects the user
   * or key, `SSH_UNREACHABLE` when there is no answer.
   */
  static async open(target: SshTarget, privateKey: string, readyTimeoutMs = 10_000): Promise<SshConnection> {
    const where = `${target.user}@${target.host}:${target.port}`;
    const [algorithm, pinned] = target.hostKey.trim().split(/\s+/);
    let shown: string | undefined;
    const client = new Client();
    const ready = new Promise<void>((resolve, reject) => {
      client.once("ready", resolve);
      client.once("error", reject);
      client.once("close", () => reject(new Error("the host closed the connection")));
    });
    try {
      client.connect({
        host: target.host,
        port: target.port,
        username: target.user,
        privateKey,
        readyTimeout: readyTimeoutMs,
        keepaliveInterval: 10_000,
        algorithms: { serverHostKey: [algorithm as "ssh-ed25519"] },
        hostVerifier: (key: Buffer) => {
          shown = key.toString("base64");
          return shown === pinned;
        },
      });
      await ready;
    } catch (error) {
      client.on("error", () => {});
      client.end();
      throw explain(error, where, target, shown, pinned);
    }
    // Statements are small: without this each answer through the tunnel would wait 40 ms for a delayed acknowledgement.
    client.setNoDelay(true);
    return new SshConnection(target, client);
  }

  /**
   * Runs a shell command. Returns a non-zero exit code instead of throwing. Does not wait for a service that the
   * command started and that keeps its output open.
   */
  async exec(command: string, stdin?: string | Readable): Promise<ExecResult> {
    const { channel, exited, closed } = await this.spawn(command);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let lastData = performance.now();
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      lastData = performance.now();
      into.push(chunk);
    };
    channel.on("data", collect(stdout));
    channel.stderr.on("data", collect(stderr));
    // sshd closes the channel only when nobody holds it open, and a daemon that was started never closes it.
    const silent = exited.then(async (code) => {
      lastData = performance.now();
      while (performance.now() - lastData < quietMs) await sleep(quietMs / 4);
      channel.close();
      return code;
    });
    const exitCode = Promise.race([closed, silent]);
    if (typeof stdin === "string" || stdin === undefined) channel.end(stdin);
    else stdin.pipe(channel);
    return {
      exitCode: await exitCode,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
    };
  }

  /** Runs a shell command that must succeed. Returns its standard output. @throws `HOST_COMMAND` */
  async run(command: string, stdin?: string | Readable): Promise<string> {
    const result = await this.exec(command, stdin);
    if (result.exitCode !== 0) {
      const lost = this.ended || this.broken ? `; the connection was lost ${this.broken}` : "";
      throw new WikiferryError(
        "HOST_COMMAND",
        `\`${command.slice(0, 200)}\` on ${this.target.host} ended with exit code ${result.exitCode}: ${result.stderr.trim().slice(-500)}${lost}`,
        "Run it there by hand to see why",
      );
    }
    return result.stdout;
  }

  /** Starts a shell command and hands over its streams. */
  spawn(command: string): Promise<Spawned> {
    return new Promise((resolve, reject) => {
      this.client.exec(command, (error, channel) => {
        if (error) return reject(error);
        // Listens at once: if a command ends quickly, its exit code arrives in the same packet.
        let code = -1;
        const exited = new Promise<number>((done) => {
          channel.once("exit", (exit: number | null) => {
            code = exit ?? -1;
            done(code);
          });
        });
        const closed = new Promise<number>((done, failed) => {
          channel.once("close", () => done(code));
          channel.once("error", failed);
        });
        closed.catch(() => {});
        resolve({ channel, exited, closed });
      });
    });
  }

  /** A stream to a TCP port as seen from the host, or to a Unix socket if `host` begins with `/`. */
  forward(host: string, port: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | undefined, channel: ClientChannel) =>
        error ? reject(error) : resolve(channel);
      if (host.startsWith("/")) this.client.openssh_forwardOutStreamLocal(host, done);
      else this.client.forwardOut("127.0.0.1", 0, host, port, done);
    });
  }

  /** Calls `tell` when the connection has ended, whoever ended it; at once if it already has. */
  onceClosed(tell: () => void): void {
    if (this.ended) tell();
    else this.client.once("close", tell);
  }

  close(): void {
    this.client.end();
  }
}

/** SHA-256 fingerprint as `ssh-keygen -l` prints it. */
export function fingerprint(base64Key: string): string {
  return `SHA256:${createHash("sha256").update(Buffer.from(base64Key, "base64")).digest("base64").replace(/=+$/, "")}`;
}

export function describeAddress(address: Address): string {
  const { host, port, via } = address;
  const place = host.startsWith("/") ? host : `${host}:${port}`;
  return via ? `${place} by way of ${via.host}` : place;
}

function explain(
  error: unknown,
  where: string,
  target: SshTarget,
  shown: string | undefined,
  pinned: string | undefined,
): WikiferryError {
  const message = error instanceof Error ? error.message : String(error);
  if (shown !== undefined && shown !== pinned) {
    return new WikiferryError(
      "SSH_HOST_KEY",
      `${where} shows the host key ${fingerprint(shown)}, expected ${fingerprint(pinned ?? "")}`,
      "Make sure that it is your host and not someone in between, then set its hostKey in the stack's config",
      { cause: error },
    );
  }
  if (/handshake|no matching/i.test(message)) {
    return new WikiferryError(
      "SSH_HOST_KEY",
      `${where} has no host key of type ${target.hostKey.split(" ")[0]} (${message})`,
      "Make sure that it is your host, then set its hostKey in the stack's config",
      { cause: error },
    );
  }
  if (/authentication/i.test(message)) {
    return new WikiferryError(
      "SSH_REFUSED",
      `${where} rejects the operator's key (${message})`,
      "Add the key's public half to ~/.ssh/authorized_keys of that user, or set ssh.privateKey to the right one",
      { cause: error },
    );
  }
  return new WikiferryError(
    "SSH_UNREACHABLE",
    `no SSH connection to ${where} (${message})`,
    "See that the host is up, that the port is right and that no firewall blocks it",
    { cause: error },
  );
}
