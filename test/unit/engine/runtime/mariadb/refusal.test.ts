import { lackOfRights, refusalOf } from "../../../../../engine/runtime/mariadb/refusal";

const blue = { side: "blue", adminUser: "root", admin: { host: "127.0.0.1" } } as const;
const refused = (error: object, place: Parameters<typeof refusalOf>[2] = blue) =>
  refusalOf(Object.assign(new Error("no"), error), "there", place);

test.each([
  [1045, "DB_ACCESS_DENIED", /adminPassword/],
  [1698, "DB_ACCESS_DENIED", /^root has no password .* set blue\.database\.sqlHost /],
  [1251, "DB_ACCESS_DENIED", /plugin/],
  [1524, "DB_ACCESS_DENIED", /plugin/],
  [1862, "DB_ACCESS_DENIED", /new password/],
  [4151, "DB_ACCESS_DENIED", /UNLOCK/],
  [1130, "DB_ACCESS_DENIED", /for the host/],
  [1129, "DB_ACCESS_DENIED", /^FLUSH HOSTS/],
  [1044, "DB_ACCESS_DENIED", /^GRANT ALL/],
  [1040, "DB_CONNECTIONS", /max_connections/],
  [1203, "DB_CONNECTIONS", /max_connections/],
  [1226, "DB_CONNECTIONS", /limits/],
  [3159, "DB_TLS_REQUIRED", /sqlHost/],
])("error %i at the log-in is %s", (errno, code, remedy) => {
  expect(refused({ errno })).toMatchObject({ code, remedy: expect.stringMatching(remedy) });
});

test("a plugin that the client does not know has no number", () => {
  expect(refused({ code: "AUTH_SWITCH_PLUGIN_ERROR" })).toMatchObject({ code: "DB_ACCESS_DENIED" });
});

test("a connection that already uses the socket is not told to use it", () => {
  const place = { ...blue, admin: { host: "/run/mysqld/mysqld.sock" } };
  expect(refused({ errno: 1698 }, place)?.remedy).not.toContain("sqlHost");
});

test("green's password follows from masterSecret", () => {
  expect(refused({ errno: 1045 }, { ...blue, side: "green" })?.remedy).toMatch(/^Set masterSecret /);
});

test("green's account is the tool's own: no remedy names a key for it", () => {
  for (const errno of [1698, 1251, 1524, 4151, 1130, 3159])
    expect(refused({ errno }, { ...blue, side: "green" })?.remedy).not.toMatch(/(green|blue)\.database/);
});

test.each([1049, 1053, 2013, undefined])("error %s is no refusal", (errno) => {
  expect(refused({ errno })).toBeUndefined();
});

test.each([1044, 1142, 1143, 1227, 1370, 1410])("error %i of a statement is a missing privilege", (errno) => {
  expect(lackOfRights(Object.assign(new Error("no"), { errno }), "blue")).toMatchObject({
    code: "DB_ACCESS_DENIED",
    found: "blue's administrative account lacks a privilege (no)",
  });
});

test.each([1054, 1290, 1644])("error %i of a statement is none", (errno) => {
  expect(lackOfRights(Object.assign(new Error("no"), { errno }), "blue")).toBeUndefined();
});
