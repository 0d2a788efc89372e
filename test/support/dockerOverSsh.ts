import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { Server } from "ssh2";

/**
 * An SSH host whose Docker engine is this machine's. It accepts every login and knows only `docker system dial-stdio`.
 */
export async function dockerOverSsh(hostKey: string): Promise<{ port: number; close: () => Promise<void> }> {
  const server = new Server({ hostKeys: [hostKey] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", (attempt) => attempt.accept());
    client.on("session", (accept) => {
      accept().on("exec", (take, refuse, { command }) => {
        if (command !== "docker system dial-stdio") return refuse();
        const channel = take();
        const socket = connect("/var/run/docker.sock");
        socket.on("error", () => channel.close());
        channel.on("error", () => socket.destroy());
        channel.pipe(socket).pipe(channel);
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
