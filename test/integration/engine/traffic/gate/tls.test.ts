import { issueCertificate } from "../../../../../engine/movers/mariadb/tls/certificates";
import { GateWorld } from "../../../../support/gateWorld";
import { until } from "../../../../support/until";

const name = "blue.example.org";
let world: GateWorld;
let ca: string;

beforeAll(async () => {
  const certificate = await issueCertificate("the master secret", "blue", [name], new Date());
  ca = certificate.ca;
  world = new GateWorld({ blueTls: certificate });
  await world.open();
});

afterAll(() => world?.close());

test("blue is asked by TLS, its certificate checked against the CA and the name", async () => {
  const gate = await world.gate("tls", ["BLUE_TLS=1", `BLUE_TLS_CA=${ca}`, `BLUE_TLS_NAME=${name}`]);
  await world.bothUp(gate);
  expect(await gate.ask("GET", "/index.php")).toMatchObject({ status: 200, body: "blue 0" });
  expect(await gate.ask("POST", "/api.php", { body: Buffer.alloc(2_000_000) })).toMatchObject({
    status: 200,
    body: "blue 2000000",
  });
  await gate.admin.hold();
  const held = gate.ask("POST", "/api.php", { body: Buffer.alloc(7) });
  await gate.held(1);
  await gate.admin.release();
  expect((await held).body).toBe("blue 7");
});

test.each<[title: string, what: string, env: () => string[] | Promise<string[]>]>([
  [
    "another name than the certificate's",
    "name",
    () => [`BLUE_TLS_CA=${ca}`, "BLUE_TLS_NAME=green.example.org"],
  ],
  [
    "a CA with another key",
    "key",
    async () => {
      const stranger = await issueCertificate("another secret", "blue", [name], new Date());
      return [`BLUE_TLS_CA=${stranger.ca}`, `BLUE_TLS_NAME=${name}`];
    },
  ],
  ["no public authority", "public", () => [`BLUE_TLS_NAME=${name}`]],
])("blue gets no request when its certificate has %s", async (_title, what, env) => {
  const gate = await world.gate(what, ["BLUE_TLS=1", ...(await env())]);
  await until("green up", async () => (await gate.admin.health()).green);
  await until("blue down", async () => !(await gate.admin.health()).blue);
  const begun = world.blue.begun;
  for (const method of ["GET", "POST"]) {
    expect(await gate.ask(method, "/index.php")).toMatchObject({
      status: 503,
      headers: { "retry-after": "5" },
    });
  }
  expect(world.blue.begun).toBe(begun);
});

test("an address for a name is refused at the start", async () => {
  await expect(world.gate("address", ["BLUE_TLS=1", `BLUE_TLS_CA=${ca}`])).rejects.toThrow(
    /BLUE_TLS_NAME is '[\d.]+': set a DNS name/,
  );
});
