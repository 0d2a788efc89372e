import { connect } from "node:net";

/**
 * Ends this process when the engine that started it is gone. A `pulumi up` that is killed can't end its providers: they
 * would stay for good, one in the middle of its work would go on unseen, and the dynamic provider would print, without
 * end, that nobody reads what it prints. What was under way is as after a kill.
 *
 * @param engine Where the engine listens, `host:port`, as it tells each provider on its command line.
 * @param everyMs How often it is looked, in milliseconds.
 */
export function endWithEngine(engine: string, everyMs = 1_000): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const [, host, port] = /^(.+):(\d+)$/.exec(engine) ?? [];
  if (!host) return;
  const look = () => {
    const socket = connect({ host, port: Number(port) });
    socket.once("connect", () => socket.destroy());
    // Only a refusal says that nobody listens: a busy machine answers late.
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") process.exit(1);
    });
    socket.once("close", () => setTimeout(look, everyMs).unref());
    socket.unref();
  };
  look();
}
