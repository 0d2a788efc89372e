import { spawn } from "node:child_process";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";

const root = join(__dirname, "../../..");

/** A process that would run forever and keep printing, if it had no lifeline. */
function startProvider(engine: string) {
  const code = `
    require("./plugins/sdk/lifeline.ts").endWithEngine("${engine}", 50);
    process.on("uncaughtException", (error) => console.error(error));
    setInterval(() => console.log("at work"), 20);`;
  return spawn(process.execPath, ["--require", "tsx/cjs", "--eval", code], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

test("a provider ends when nobody listens any more where its engine did, though nobody reads its output", async () => {
  const sockets = new Set<Socket>();
  const engine = createServer((socket) => sockets.add(socket.on("error", () => {})));
  await new Promise<void>((listening) => engine.listen(0, "127.0.0.1", listening));
  const provider = startProvider(`127.0.0.1:${(engine.address() as AddressInfo).port}`);
  const ended = new Promise<number | null>((resolve) => provider.once("exit", resolve));
  await new Promise((printed) => provider.stdout.once("data", printed));
  while (sockets.size < 3) await new Promise((later) => setTimeout(later, 20));
  expect(provider.exitCode).toBeNull();

  provider.stdout.destroy();
  provider.stderr.destroy();
  for (const socket of sockets) socket.destroy();
  engine.close();
  expect(await ended).toBe(1);
});
