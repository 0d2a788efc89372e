import { sh } from "../../../../../scripts/common/docker";
import { adminPassword, GateWorld, type TestGate } from "../../../../support/gateWorld";
import { RawClient } from "../../../../support/rawClient";
import { until } from "../../../../support/until";

const world = new GateWorld();
let gate: TestGate;
/** A gate that waits for its volume. */
let patient: TestGate;

beforeAll(async () => {
  await world.open();
  gate = await world.gate("volume");
  patient = await world.gate("patient", ["KEEP_MS=15000"]);
  await world.bothUp(gate);
});

beforeEach(() => gate.admin.turn("blue"));

afterAll(() => world.close());

/** Sends a signal to what writes to the volume, as if its disk hung, or it had been killed. */
const signalKeeper = (signal: "STOP" | "CONT" | "KILL", { running } = gate) =>
  sh(
    running.name,
    // Not this shell, whose own text does not contain what it looks for.
    `for process in /proc/[0-9]*; do
       case $(tr '\\0' ' ' <$process/cmdline) in *"keeper.sh"" keep "*) kill -${signal} "\${process#/proc/}"; exit ;; esac
     done
     exit 1`,
  );

/** What a restart would find: the route of the file with the higher number. */
async function kept({ running } = gate): Promise<string | undefined> {
  const lines = (await sh(running.name, "cat /state/route.?")).trim().split("\n");
  const whole = lines.map((line) => line.trim().split(/ +/)).filter((words) => words[5] === "end");
  const [newest] = whole.sort((a, b) => Number(b[0]) - Number(a[0]));
  return newest?.slice(1, 5).join(" ");
}

async function restart(): Promise<void> {
  await gate.running.container.restart({ t: 2 });
  await gate.reopen();
}

test("while the volume's disk hangs, views and edits are served, a change is refused, and later ones succeed", async () => {
  await signalKeeper("STOP");
  const change = gate.admin.set({ primary: "green", views: "green" });
  const refused = expect(change).rejects.toThrow(/GATE_REFUSED: .*not on the volume/);
  for (let asked = 0; asked < 20; asked++) {
    expect((await gate.ask("GET", "/wiki/X")).body).toMatch(/^blue/);
    expect((await gate.ask("POST", "/api.php")).body).toMatch(/^blue/);
  }
  await refused;
  expect(await gate.admin.state()).toMatchObject({ primary: "blue", views: "blue" });
  await signalKeeper("CONT");
  await until("what is in force is on disk", async () => (await kept()) === "blue blue 0 0");
  await gate.admin.set({ primary: "green", canary: 7 });
  expect(await gate.admin.state()).toMatchObject({ primary: "green", views: "blue", canary: 7 });
});

test("a change whose tool dies while the disk hangs takes effect completely, and the next one is accepted", async () => {
  await signalKeeper("STOP", patient);
  const tool = await RawClient.open(await patient.running.port(9999));
  tool.write(`gate login ${adminPassword};prompt\ngate set primary=green canary=9\n`);
  // What is written there takes effect once the keeper has it.
  await until("the change has come", async () =>
    /^green blue 9 /m.test(await sh(patient.running.name, "cat /tmp/gate/route.*")),
  );
  tool.reset();
  await signalKeeper("CONT", patient);
  await until("in force", async () => (await patient.admin.state()).primary === "green");
  expect(await kept(patient)).toBe("green blue 9 0");
  expect(await patient.admin.set({ canary: 3 })).toMatchObject({ primary: "green", canary: 3 });
});

test("a change that reached the disk after it had been refused is not in force after a restart", async () => {
  await signalKeeper("STOP");
  await expect(gate.admin.setPrimary("green")).rejects.toThrow(/GATE_REFUSED/);
  await signalKeeper("CONT");
  await until("both were written", async () =>
    /green blue +0 +0 end/.test(await sh(gate.running.name, "cat /state/route.?")),
  );
  await until("what is in force is on disk", async () => (await kept()) === "blue blue 0 0");
  await restart();
  expect(await gate.admin.state()).toMatchObject({ primary: "blue", views: "blue" });
});

test("without the keeper everything is served, and a change names the remedy", async () => {
  await signalKeeper("KILL");
  await expect(gate.admin.setPrimary("green")).rejects.toThrow(
    /keeper.sh has ended.*start the container again/,
  );
  expect((await gate.ask("POST", "/api.php")).body).toMatch(/^blue/);
  await restart();
  await gate.admin.setPrimary("green");
  await world.bothUp(gate);
  expect((await gate.ask("POST", "/api.php")).body).toMatch(/^green/);
});

test("of two files the complete one counts; two damaged ones prevent the gate from starting", async () => {
  await gate.admin.set({ primary: "green", canary: 20 });
  await gate.admin.set({ primary: "green", canary: 21 });
  // Cut off as if killed in the middle of writing.
  await sh(
    gate.running.name,
    `for file in /state/route.?; do grep -l " 21  *0 end" $file && echo "9999999 blue" >$file; done; true`,
  );
  await restart();
  expect(await gate.admin.state()).toMatchObject({ primary: "green", canary: 20 });
  await gate.admin.set({ canary: 22 });
  expect(await kept()).toBe("green blue 22 0");

  await sh(gate.running.name, "for file in /state/route.?; do echo damaged >$file; done");
  await gate.running.container.restart({ t: 2 });
  await until("it ended", async () => !(await gate.running.container.inspect()).State.Running);
  expect(await gate.running.logs()).toMatch(/GATE_STATE: .*damaged: remove them/);
});
