import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Duplex } from "node:stream";
import { KeptConnections } from "../../../../../engine/apps/http/keepAlive";

let server: Server;
let opened = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/never") return;
    // The last answer of a connection: the client learns of its end when it asks again.
    if (request.url === "/last") response.on("finish", () => response.socket?.end());
    let form = "";
    request.on("data", (piece) => (form += piece));
    request.on("end", () => response.end(`${request.method} ${request.url} ${form}`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

/** A stream with nothing that only sockets have, as a command in a container gives it. */
async function open(): Promise<Duplex> {
  opened++;
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk) => stream.push(chunk));
  socket.on("end", () => stream.push(null));
  socket.on("error", (error) => stream.destroy(error));
  return stream;
}

test("many requests share a few connections, and one that the server has closed is replaced", async () => {
  const client = new KeptConnections(open, undefined, 2);
  const ask = async (path: string, form?: string) =>
    (
      await client.ask(
        { path, method: form === undefined ? "GET" : "POST", headers: { host: "a" }, form },
        5_000,
      )
    ).body.toString();
  try {
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => ask(`/${i}`)));
    expect(answers).toEqual(Array.from({ length: 30 }, (_, i) => `GET /${i} `));
    expect(opened).toBe(2);
    await Promise.all([ask("/last"), ask("/last")]);
    expect(await Promise.all([ask("/a"), ask("/b"), ask("/c", "x=1")])).toEqual([
      "GET /a ",
      "GET /b ",
      "POST /c x=1",
    ]);
  } finally {
    client.close();
  }
});

test("a server that does not answer is given up, and one that can't be reached is an error", async () => {
  const client = new KeptConnections(open, undefined, 1);
  await expect(client.ask({ path: "/never", method: "GET", headers: {} }, 50)).rejects.toThrow(
    "not within 50 ms",
  );
  client.close();
  const closed = new KeptConnections(() => Promise.reject(new Error("refused")), undefined, 1);
  await expect(closed.ask({ path: "/", method: "GET", headers: {} }, 5_000)).rejects.toThrow("refused");
  closed.close();
});
