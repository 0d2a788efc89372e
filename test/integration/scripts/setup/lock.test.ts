import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { markOf } from "../../../../scripts/common/proc";
import { withLock } from "../../../../scripts/setup/lock";
import { isHeld, removeStalePid } from "../../../../scripts/setup/stalePid";

let directory: string;
let file: string;
let sleeper: ChildProcess;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "wikiferry-pid-"));
  file = join(directory, "pid");
  sleeper = spawn("sleep", ["600"], { stdio: "ignore" });
  await once(sleeper, "spawn");
});

afterAll(() => {
  sleeper.kill();
  rmSync(directory, { recursive: true });
});

describe("the pid file of an engine that is gone", () => {
  it("is removed where another program has its number", () => {
    writeFileSync(file, `${sleeper.pid}`);
    expect(removeStalePid(file, "dockerd")).toBe(sleeper.pid);
    expect(existsSync(file)).toBe(false);
  });

  it("is removed where no process has its number", async () => {
    const ended = spawn("true");
    await once(ended, "exit");
    writeFileSync(file, `${ended.pid}\n`);
    expect(removeStalePid(file, "dockerd")).toBe(ended.pid);
    expect(existsSync(file)).toBe(false);
  });

  it("stays while the program runs", () => {
    writeFileSync(file, `${sleeper.pid}`);
    expect(removeStalePid(file, "sleep")).toBeUndefined();
    expect(readFileSync(file, "utf8")).toBe(`${sleeper.pid}`);
    expect(isHeld(file, "sleep")).toBe(true);
    expect(isHeld(file, "dockerd")).toBe(false);
    expect(isHeld(join(directory, "none"), "sleep")).toBe(false);
  });

  it("stays where it holds no number, and need not exist", () => {
    writeFileSync(file, "not a number");
    expect(removeStalePid(file, "dockerd")).toBeUndefined();
    expect(existsSync(file)).toBe(true);
    rmSync(file);
    expect(removeStalePid(join(directory, "none"), "dockerd")).toBeUndefined();
  });
});

describe("the lock of the set-up", () => {
  it("keeps a second one waiting until the first has ended", async () => {
    const order: string[] = [];
    let end = () => {};
    const first = withLock(() => new Promise<void>((resolve) => (end = resolve)), file).then(() =>
      order.push("first"),
    );
    const second = withLock(async () => order.push("second"), file);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(order).toEqual([]);
    end();
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second"]);
    expect(existsSync(file)).toBe(false);
  });

  it("is taken over from a process whose number another one has by now", async () => {
    const began = Number(markOf(sleeper.pid ?? 0).split(" ")[1]);
    expect(began).toBeGreaterThan(0);
    writeFileSync(file, `${sleeper.pid} ${began - 1}`);
    await expect(withLock(async () => readFileSync(file, "utf8"), file)).resolves.toBe(markOf(process.pid));
  });

  it("is taken over from a process that has ended", async () => {
    const ended = spawn("true");
    const mark = markOf(ended.pid ?? 0);
    await once(ended, "exit");
    writeFileSync(file, mark);
    await expect(withLock(async () => "done", file)).resolves.toBe("done");
  });
});
