import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerRef } from "../../../engine/move";
import { execInContainer, runInContainer } from "../../../engine/runtime/docker/exec";
import { SshPool } from "../../../engine/runtime/ssh/pool";
import { markOf } from "../../../scripts/common/proc";
import { labelsOfOurs, removeLeftovers } from "../../../scripts/lab/leftovers";
import { secretFiles, serverUid } from "../../../scripts/lab/secretFiles";
import { DockerWorld } from "../../support/dockerWorld";
import { testImage } from "../../support/image";
import { standStill } from "../../support/standStill";
import { until } from "../../support/until";

const world = new DockerWorld();
const pool = new SshPool("");
const password = secretFiles(serverUid, { "redis-password": "x" });
let ref: ContainerRef;

beforeAll(async () => {
  const running = await world.run("exec", await testImage("redis"), {}, [], password);
  ref = { container: running.name };
});

afterAll(() => world.close());

test("output, errors, exit code, input and variables of a command arrive separately", async () => {
  const script = "echo out; echo err >&2; cat; echo $GREETING; exit 7";
  const result = await execInContainer(ref, ["sh", "-c", script], pool, {
    stdin: "in\n",
    env: { GREETING: "good day" },
  });
  expect(result).toEqual({ exitCode: 7, stdout: "out\nin\ngood day\n", stderr: "err\n" });
});

test("64 MB go through a command unaltered while memory stays small", async () => {
  const block = randomBytes(1 << 20);
  let received = 0;
  let sameBytes = true;
  const result = await execInContainer(ref, ["cat"], pool, {
    stdin: Readable.from(
      (function* () {
        for (let i = 0; i < 64; i++) yield block;
      })(),
    ),
    onStdout: (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const offset = (received + at) % block.length;
        const length = Math.min(chunk.length - at, block.length - offset);
        sameBytes &&= chunk.compare(block, offset, offset + length, at, at + length) === 0;
        at += length;
      }
      received += chunk.length;
    },
  });
  expect(result).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(received).toBe(64 << 20);
  expect(sameBytes).toBe(true);
});

test("a command that does not read its input still ends", async () => {
  const endless = async function* () {
    for (;;) {
      yield Buffer.alloc(65_536, "x");
      await sleep(20);
    }
  };
  const result = await execInContainer(ref, ["head", "-c", "3"], pool, { stdin: Readable.from(endless()) });
  expect(result).toMatchObject({ exitCode: 0, stdout: "xxx" });
});

test("a command that fails while it receives its input keeps its exit code and its output, however the connection ends", async () => {
  const endless = async function* () {
    for (;;) {
      yield Buffer.alloc(100, "x");
      await sleep(1);
    }
  };
  for (let turn = 0; turn < 10; turn++) {
    const running = execInContainer(ref, ["sh", "-c", "sleep 0.3; echo full >&2; exit 28"], pool, {
      stdin: Readable.from(endless()),
    });
    // Its output and its end arrive while nobody listens, and while there is unread input.
    await sleep(200);
    standStill(400);
    expect(await running).toMatchObject({ exitCode: 28, stderr: "full\n" });
  }
});

test("an input that breaks off is an error, not a short success", async () => {
  const broken = Readable.from(
    (function* () {
      yield "begun";
      throw new Error("the source broke off");
    })(),
  );
  await expect(execInContainer(ref, ["cat"], pool, { stdin: broken })).rejects.toThrow(
    /the source broke off/,
  );
});

test("a missing and a stopped container, and a failing command, each have their code", async () => {
  await expect(execInContainer({ container: "wikiferry-no-such" }, ["true"], pool)).rejects.toMatchObject({
    code: "CONTAINER_MISSING",
  });
  const stopped = await world.run("stopped", await testImage("redis"), {}, [], password);
  await stopped.container.stop();
  await expect(execInContainer({ container: stopped.name }, ["true"], pool)).rejects.toMatchObject({
    code: "CONTAINER_MISSING",
  });
  await expect(runInContainer(ref, ["sh", "-c", "echo no >&2; exit 3"], pool)).rejects.toMatchObject({
    code: "CONTAINER_COMMAND",
    found: expect.stringContaining("exit code 3: no"),
  });
});

test("what a killed run left behind is removed, even if a later process has its number", async () => {
  const image = await testImage("redis");
  const [pid, began] = markOf(process.pid).split(" ");
  const create = (what: string, owner: string, labels = {}) =>
    world.docker.createContainer({
      name: world.name(what),
      Image: image,
      Labels: { ...labelsOfOurs(), "wikiferry.test": owner, ...labels },
    });
  const earlier = `${pid} ${Number(began) - 1}`;
  const [mine, before, elsewhere] = await Promise.all([
    create("mine", `${pid} ${began}`),
    create("before", earlier),
    create("elsewhere", earlier, { "wikiferry.test.checkout": "another pid:[1]" }),
  ]);
  try {
    await Promise.all([removeLeftovers(), removeLeftovers()]);
    // Another worker may be doing it as well.
    await until("its removal", () =>
      before.inspect().then(
        () => false,
        (error) => error.statusCode === 404,
      ),
    );
    expect((await mine.inspect()).State.Status).toBe("created");
    // Its process may live where this one can't see it.
    expect((await elsewhere.inspect()).State.Status).toBe("created");
  } finally {
    await Promise.all([mine.remove(), elsewhere.remove()]);
  }
});
