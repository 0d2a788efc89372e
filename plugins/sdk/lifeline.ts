import { connect } from "node:net";

/**
 * Ends this process when the engine that started it is gone. A killed `pulumi up` can't end its providers: they would
 * stay for good, their unfinished work would continue unseen, and the dynamic provider would log without end that
 * nobody reads its output. Unfinished work is left as after a kill.
 * @param engine Where the engine listens, `host:port`, as each provider gets it on its command line.
 * @param everyMs Interval between checks, in milliseconds.
 */
export function endWithEngine(engine: string, everyMs = 1_000): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const [, host, port] = /^(.+):(\d+)$/.exec(engine) ?? [];
  if (!host) return;
  const look = () => {
    const socket = connect({ host, port: Number(port) });
    socket.once("connect", () => socket.destroy());
    // Only a refused connection says that nobody listens: a busy machine replies late.
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") process.exit(1);
    });
    socket.once("close", () => setTimeout(look, everyMs).unref());
    socket.unref();
  };
  look();
}
