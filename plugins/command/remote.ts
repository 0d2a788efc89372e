import type { Client, ClientChannel } from "ssh2";
import { z } from "zod";
import { commandType } from "./command";
import { Lines } from "./lines";
import { failure, type Run, shared } from "./schema";
import { connectionSchema, withSsh } from "./ssh";

const inputs = z.strictObject({ ...shared, connection: connectionSchema });

const run: Run<z.infer<typeof inputs>> = (wanted, line, environment, onLine, signal) =>
  withSsh(wanted.connection, signal, async (client) => {
    let outcome: Promise<string | number> | undefined;
    // As with the vendor's plugin, sshd accepts the variables that its AcceptEnv names and drops the rest.
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.exec(line, { env: environment }, (error, opened) => {
        if (error) return reject(error);
        outcome = endOf(client, opened);
        resolve(opened);
      }),
    );
    const lines = new Lines(onLine);
    channel.setEncoding("utf8").on("data", (chunk: string) => lines.add("stdout", chunk));
    channel.stderr.setEncoding("utf8").on("data", (chunk: string) => lines.add("stderr", chunk));
    const stop = () => channel.destroy();
    signal.addEventListener("abort", stop, { once: true });
    channel.end(wanted.stdin ?? "");
    const ended = await outcome;
    signal.removeEventListener("abort", stop);
    const output = lines.end();
    if (ended !== 0) throw failure(`on ${wanted.connection.host}`, `ended with ${ended}`, output);
    return output;
  });

/**
 * A command's exit code, the signal that ended it, or why neither arrived. Call it as soon as the channel is open: if a
 * command ends at once, its exit code is read together with the reply that it started.
 */
function endOf(client: Client, channel: ClientChannel): Promise<string | number> {
  let ended: string | number = "no exit code: the connection was lost";
  channel.once("exit", (code: number | null, signalName?: string) => {
    ended = code ?? signalName ?? ended;
  });
  client.on("error", (error) => {
    if (typeof ended === "string") ended = `no exit code: the connection was lost (${error.message})`;
  });
  return new Promise((resolve) => channel.once("close", () => resolve(ended)));
}

/** `command:remote:Command` */
export const remoteCommand = commandType(inputs, run);
