import { judgeRefusal, refusedAddress } from "../../../../../engine/movers/mariadb/preflight/wayToGreen";

test("the proxy's log shows who was refused last", () => {
  const log =
    "10.0.0.4 --\nwikiferry-proxy: lets in 10.0.0.4\n10.0.0.9 PR\n::ffff:172.18.0.1 PR\n10.0.0.4 CD\n";
  expect(refusedAddress(log)).toBe("172.18.0.1");
  expect(refusedAddress("2001:db8::7 PR\n")).toBe("2001:db8::7");
  expect(refusedAddress("10.0.0.4 CD\n")).toBeUndefined();
});

test("an address that Docker puts in blue's place has a remedy of its own", () => {
  const seen = { where: "green:3307", refused: "172.18.0.1", allowed: "198.51.100.7" };
  expect(judgeRefusal({ ...seen, hidden: true }).remedy).toMatch(/userland-proxy/);
  expect(judgeRefusal({ ...seen, hidden: false }).remedy).toBe(
    "pulumi config set --path green.database.allowFrom 172.18.0.1",
  );
});
