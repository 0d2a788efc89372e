import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * A port of 127.0.0.1 on which nobody listens at this moment. It lies below the range for outgoing connections (32768
 * and up, `ip_local_port_range` in ip(7)): one of those could take it before it is used, or while the server behind it
 * restarts.
 */
export async function freePort(): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = randomInt(20_000, 32_768);
    try {
      await listenOnce(port);
      return port;
    } catch (error) {
      if (tries === 50) throw error;
    }
  }
}

async function listenOnce(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
