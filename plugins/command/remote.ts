import type { ClientChannel } from "ssh2";
import { z } from "zod";
import { commandType } from "./command";
import { Lines } from "./lines";
import { failure, type Run, shared } from "./schema";
import { connectionSchema, withSsh } from "./ssh";

const inputs = z.strictObject({ ...shared, connection: connectionSchema });

const run: Run<z.infer<typeof inputs>> = (wanted, line, environment, onLine, signal) =>
  withSsh(wanted.connection, signal, async (client) => {
    // sshd takes variables that its AcceptEnv names, as with the vendor's plugin; the rest it drops.
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.exec(line, { env: environment }, (error, opened) => (error ? reject(error) : resolve(opened))),
    );
    const lines = new Lines(onLine);
    channel.setEncoding("utf8").on("data", (chunk: string) => lines.add("stdout", chunk));
    channel.stderr.setEncoding("utf8").on("data", (chunk: string) => lines.add("stderr", chunk));
    const stop = () => channel.destroy();
    signal.addEventListener("abort", stop, { once: true });
    channel.end(wanted.stdin ?? "");
    const outcome = await new Promise<string | number>((resolve) => {
      let ended: string | number = "no exit code: the connection was lost";
      channel.on("exit", (code: number | null, signalName?: string) => {
        ended = code ?? signalName ?? ended;
      });
      client.on("error", (error) => {
        ended = `no exit code: the connection was lost (${error.message})`;
      });
      channel.once("close", () => resolve(ended));
    });
    signal.removeEventListener("abort", stop);
    const output = lines.end();
    if (outcome !== 0) throw failure(`on ${wanted.connection.host}`, `ended with ${outcome}`, output);
    return output;
  });

/** `command:remote:Command` */
export const remoteCommand = commandType(inputs, run);
