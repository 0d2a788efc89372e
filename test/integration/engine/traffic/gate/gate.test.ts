import { Agent } from "node:http";
import { Gate } from "../../../../../engine/traffic/gate/gate";
import { GateWorld, gateAt, type Question, type TestGate } from "../../../../support/gateWorld";
import { until } from "../../../../support/until";

const world = new GateWorld();
const { blue, green } = world;
let testGate: TestGate;
let gate: Gate;
let foreign: TestGate;

function ask(method: string, path: string, options: Question = {}) {
  return testGate.ask(method, path, options);
}

beforeAll(async () => {
  await world.open();
  testGate = await world.gate("gate");
  foreign = await world.gate("foreign", [
    "SESSION_PAGES=spezial:anmelden,spezial:benutzerkonto_anlegen,Служебная:Вход",
  ]);
  gate = testGate.admin;
  await world.bothUp(testGate);
});

beforeEach(async () => {
  await gate.turn("blue");
});

afterAll(() => world.close());

test.each([
  ["POST", "/api.php"],
  ["PUT", "/index.php"],
  ["GET", "/api.php?action=query&meta=tokens&format=json"],
  ["GET", "/w/api.php?action=query&meta=userinfo%7Ctokens"],
  ["GET", "/index.php?title=Special:UserLogin"],
  ["GET", "/index.php/Special%3AUserLogin?returnto=X"],
  ["GET", "/wiki/Special:CreateAccount"],
  ["GET", "/index.php?title=Main_Page&action=edit"],
])("%s %s is held as a write", async (method, path) => {
  await gate.setViews("green", 0);
  await gate.hold();
  const answer = ask(method, path);
  await until("held", async () => (await gate.state()).held === 1);
  await gate.release();
  expect(await answer).toMatchObject({ status: 200, headers: { "x-wikiferry-side": "blue" } });
});

test.each([
  "/index.php?title=Spezial:Anmelden",
  "/wiki/Spezial:Benutzerkonto_anlegen",
  "/index.php?title=spezial:Benutzerkonto+anlegen",
  `/index.php/${encodeURIComponent("Служебная:Вход")}`,
])("the login page of a wiki in another language (%s) goes to the side that takes edits", async (path) => {
  const { port, admin } = foreign;
  await admin.setViews("green", 0);
  expect((await ask("GET", "/index.php?title=Hauptseite", { port })).body).toBe("green 0");
  expect((await ask("GET", path, { port })).body).toBe("blue 0");
});

test.each([
  ["GET", "/index.php?title=Main_Page"],
  ["HEAD", "/index.php?title=Talk:meta=tokens"],
  ["GET", "/api.php?action=query&meta=siteinfo"],
  ["OPTIONS", "/api.php"],
])("%s %s is served during a hold, by the side of views", async (method, path) => {
  await gate.setViews("green", 0);
  await gate.hold();
  expect(await ask(method, path)).toMatchObject({ status: 200, headers: { "x-wikiferry-side": "green" } });
});

test("a canary of 10 % sends about a tenth of the views, the same ones each time, and no write", async () => {
  await gate.setViews("blue", 10);
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const sideOf = async (page: number, method = "GET") =>
    (await ask(method, `/index.php?title=Page_${page}`, { agent })).headers["x-wikiferry-side"];
  const pages = Array.from({ length: 2_000 }, (_, page) => page);
  const first = await Promise.all(pages.map((page) => sideOf(page)));
  const share = first.filter((side) => side === "green").length / pages.length;
  expect(share).toBeGreaterThan(0.07);
  expect(share).toBeLessThan(0.13);
  expect(await Promise.all(pages.slice(0, 300).map((page) => sideOf(page)))).toEqual(first.slice(0, 300));
  expect(new Set(await Promise.all(pages.slice(0, 300).map((page) => sideOf(page, "POST"))))).toEqual(
    new Set(["blue"]),
  );
  agent.destroy();
});

test.each([
  ["cookie", "a=b; wikidb_session=abc"],
  ["cookie", "wikidbUserID=7"],
  ["cookie", "x=1; wikidbToken=0123"],
  ["authorization", "Bearer abc"],
])("whoever is logged in (%s: %s) stays on the primary's side", async (name, value) => {
  await gate.setViews("blue", 100);
  expect((await ask("GET", "/index.php?title=X")).headers["x-wikiferry-side"]).toBe("green");
  const answer = await ask("GET", "/index.php?title=X", { headers: { [name]: value } });
  expect(answer.headers["x-wikiferry-side"]).toBe("blue");
  const loggedOut = await ask("GET", "/index.php?title=X", {
    headers: { cookie: "wikidb_session=; wikidbToken=deleted" },
  });
  expect(loggedOut.headers["x-wikiferry-side"]).toBe("green");
});

test("an upload that is missing on the primary's side comes from the other; one that is missing on both is 404", async () => {
  blue.files.add("/images/a/ab/Both.png").add("/images/b/bc/Blue.png");
  green.files.add("/images/a/ab/Both.png").add("/images/c/cd/Green.png");
  expect((await ask("GET", "/images/a/ab/Both.png")).body).toBe("blue 0");
  expect(await ask("GET", "/images/c/cd/Green.png")).toMatchObject({ status: 200, body: "green 0" });
  expect((await ask("GET", "/images/d/de/None.png")).status).toBe(404);
  await gate.setPrimary("green");
  expect((await ask("GET", "/images/a/ab/Both.png")).body).toBe("green 0");
  expect(await ask("GET", "/images/b/bc/Blue.png")).toMatchObject({ status: 200, body: "blue 0" });
  expect((await ask("GET", "/images/d/de/None.png")).status).toBe(404);
});

test("a side that is down is a clear 503, gets no canary, and does not affect the primary's side", async () => {
  await until("green up", async () => (await gate.health()).green);
  green.healthy = false;
  await until("green down", async () => !(await gate.health()).green);
  await gate.setViews("blue", 100);
  expect((await ask("GET", "/index.php")).body).toBe("blue 0");
  await gate.setPrimary("green");
  expect((await ask("POST", "/index.php")).body).toBe("green 0");
  green.healthy = true;

  const { admin: other, port } = await world.gate("lonely", ["GREEN_ADDRESS=no-such-host:8080"]);
  expect((await ask("GET", "/index.php", { port })).body).toBe("blue 0");
  await other.set({ primary: "green", views: "green" });
  expect(await ask("POST", "/index.php", { port })).toMatchObject({
    status: 503,
    headers: { "retry-after": "5" },
  });
  blue.files.add("/images/x.png");
  expect((await ask("GET", "/images/x.png", { port })).body).toBe("blue 0");
  await other.setPrimary("blue");
  expect((await ask("GET", "/images/missing.png", { port })).status).toBe(404);
});

test("the wiki sees the client's address, its own name and the protocol", async () => {
  const before = blue.taken.length;
  await ask("GET", "/index.php", { headers: { host: "wiki.example.org", "x-forwarded-for": "192.0.2.7" } });
  const { headers } = blue.taken[before] as (typeof blue.taken)[number];
  expect(headers.host).toBe("wiki.example.org");
  expect(headers["x-forwarded-proto"]).toBe("http");
  expect(headers["x-forwarded-for"]).toMatch(/^192\.0\.2\.7, \d+\.\d+\.\d+\.\d+$/);
});

test("the runtime API refuses whoever lacks the password, and a wrong value", async () => {
  const stranger = gateAt(await testGate.running.port(9999), world.pool, "");
  await expect(stranger.state()).rejects.toThrow(/GATE_REFUSED/);
  await expect(gate.set({ canary: 140 })).rejects.toThrow(/GATE_REFUSED: .*canary=140/);
  const nowhere = new Gate({ host: "127.0.0.1", port: 1 }, world.pool);
  await expect(nowhere.state()).rejects.toThrow(/GATE_UNREACHABLE/);
});
