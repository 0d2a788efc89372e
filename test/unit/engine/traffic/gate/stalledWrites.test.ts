import { stalledWrites } from "../../../../../engine/traffic/gate/stalledWrites";

/** A stream as HAProxy 2.6.12 prints it, of what matters here. */
const stream = (over: {
  backend?: string;
  age?: string;
  status?: number;
  request?: string;
  total?: number;
}) =>
  `0x55d7d4d3dc70: [30/Nov/2026:20:24:36.036380] id=3 proto=tcpv4 source=172.18.0.1:43874
  frontend=web (id=2 mode=http), listener=? (id=1) addr=172.18.0.2:8080
  backend=${over.backend ?? "write_blue"} (id=3 mode=http) addr=172.18.0.2:52476
  task=0x55d7d4d3e060 (state=0x00 nice=0 calls=2 rate=0 exp=0s tmask=0x1 age=${over.age ?? "2s"})
  txn=0x55d7d4d3e1d0 flags=0x0 meth=3 status=${over.status ?? -1} req.st=${over.request ?? "MSG_DATA"} rsp.st=MSG_RPBEFORE req.f=0x0d rsp.f=0x00
  req=0x55d7d4d3dc90 (f=0x840282 an=0x8000 pipe=0 tofwd=-1 total=${over.total ?? 73})
  res=0x55d7d4d3dcf0 (f=0x80400000 an=0x1400000 pipe=0 tofwd=0 total=9000000)
`;

test.each([
  ["a body that comes slowly", stream({}), 1],
  ["a body that comes fast", stream({ total: 200_000 }), 0],
  ["a body that comes fast and has for five seconds", stream({ total: 200_000_000, age: "5s" }), 1],
  ["one younger than a second", stream({ age: "0s" }), 0],
  ["one that has lasted for more than a minute", stream({ age: "1m5s", total: 100_000_000 }), 1],
  ["a request whose answer is awaited", stream({ request: "MSG_DONE", age: "20s" }), 0],
  ["an answer that its client does not read", stream({ request: "MSG_DONE", status: 302 }), 1],
  ["a page view", stream({ backend: "view_blue" }), 0],
  ["the tool's own connection", stream({ backend: "admin" }), 0],
  ["what can't be read", "0x1: something else, backend=write_blue (id=3), of a later version\n", 0],
  [
    "two of four",
    [stream({}), stream({ request: "MSG_DONE" }), stream({ backend: "write_green" }), ""].join(""),
    2,
  ],
])("%s", (_name, text, count) => {
  expect(stalledWrites(text)).toBe(count);
});
