import { Duplex } from "node:stream";
import type { ContainerRef } from "../../move";
import type { SshPool } from "../ssh/pool";
import { startInContainer } from "./exec";
import { FrameSplitter } from "./frames";

/**
 * A TCP connection from inside a running container, with that container's name server, routes and address. Bash in the
 * container opens it. A connection that fails ends the stream with bash's error message.
 * @throws as `execInContainer`
 */
export async function socketFrom(
  ref: ContainerRef,
  { host, port }: { host: string; port: number },
  pool: SshPool,
): Promise<Duplex> {
  // A background command has no standard input unless it is redirected.
  const script = 'exec 3<>"/dev/tcp/$0/$1" || exit 1; cat <&0 >&3 & exec cat <&3';
  const { stream } = await startInContainer(ref, ["bash", "-c", script, host, String(port)], pool, {
    withStdin: true,
  });
  const splitter = new FrameSplitter();
  let complaint = "";
  const socket = new Duplex({
    read() {
      stream.resume();
    },
    write: (chunk, _encoding, done) => void stream.write(chunk, done),
    final: (done) => void stream.end(done),
    destroy(error, done) {
      stream.destroy();
      done(error);
    },
  });
  stream.on("data", (chunk: Buffer) => {
    for (const { stream: from, data } of splitter.split(chunk)) {
      if (from === "stderr") complaint += data;
      else if (!socket.push(data)) stream.pause();
    }
  });
  stream.on("error", (error) => socket.destroy(error));
  stream.on("end", () => {
    const why = complaint.replace(/^bash: (line \d+: )?/gm, "").trim();
    if (why) socket.destroy(new Error(why.split("\n")[0]));
    else socket.push(null);
  });
  return socket;
}
