import { randomBytes } from "node:crypto";
import { labelsOfOurs } from "../../../scripts/lab/leftovers";
import { localDocker } from "../../../scripts/setup/localEngine";
import { Program } from "./program";

const engine = localDocker();
const id = `wikiferry-test-${randomBytes(4).toString("hex")}`;
const labels = Object.entries(labelsOfOurs()).map(([label, value]) => ({ label, value }));
const password = `secret-${randomBytes(8).toString("hex")}`;

const source = (greeting: string, extra = "") => `
const docker = require("@pulumi/docker");
const pulumi = require("@pulumi/pulumi");
const network = new docker.Network("net", { name: "${id}-net", labels: ${JSON.stringify(labels)} });
const volume = new docker.Volume("data", { name: "${id}-data", labels: ${JSON.stringify(labels)} });
const container = new docker.Container("box", {
  name: "${id}-box",
  image: "wikiferry/debian:bookworm",
  command: ["sh", "-c", "cat /etc/greeting > /data/greeting; exec sleep 600"],
  envs: ["GREETING=${greeting}", pulumi.interpolate\`PASSWORD=\${pulumi.secret("${password}")}\`],
  uploads: [{ file: "/etc/greeting", content: "${greeting}" }],
  networksAdvanced: [{ name: network.name, aliases: ["box"] }],
  volumes: [{ volumeName: volume.name, containerPath: "/data" }],
  tmpfs: { "/run/box": "size=1m" },
  capabilities: { drops: ["ALL"] },
  securityOpts: ["no-new-privileges"],
  ports: [{ internal: 80, ip: "127.0.0.1" }],
  healthcheck: { tests: ["CMD", "test", "-s", "/data/greeting"], interval: "500ms", retries: 3 },
  labels: ${JSON.stringify(labels)},
  memory: 64,
  wait: true,
  waitTimeout: 20,
  destroyGraceSeconds: 0,
  ${extra}
});
exports.id = container.id;
exports.address = container.networkDatas.apply((all) => all[0].ipAddress);
`;

describe("containers by the offline docker plugin, on a real engine", () => {
  let program: Program;

  beforeAll(async () => {
    program = await Program.make(source("hello"));
  });

  afterAll(() => program?.close());

  const box = () => engine.getContainer(`${id}-box`).inspect();

  test("preview before anything exists", async () => {
    expect(await program.run("preview")).toMatch(/4 to create|5 to create/);
    await expect(box()).rejects.toMatchObject({ statusCode: 404 });
  });

  test("up creates what the program declares, and waits until it is healthy", async () => {
    await program.up();
    const { Config, HostConfig, NetworkSettings, State } = await box();
    expect(State.Health?.Status).toBe("healthy");
    expect(Config.Env).toEqual(expect.arrayContaining(["GREETING=hello", `PASSWORD=${password}`]));
    expect(Config.Labels).toMatchObject(labelsOfOurs());
    for (const made of [engine.getVolume(`${id}-data`), engine.getNetwork(`${id}-net`)])
      expect((await made.inspect()).Labels).toEqual(labelsOfOurs());
    expect(HostConfig.Memory).toBe(64 * 1024 * 1024);
    expect(HostConfig.CapDrop).toEqual(["ALL"]);
    expect(Object.keys(NetworkSettings.Networks)).toEqual([`${id}-net`]);
    expect(NetworkSettings.Ports["80/tcp"]?.[0]?.HostIp).toBe("127.0.0.1");
    expect((await program.outputs()).address).toBe(NetworkSettings.Networks[`${id}-net`]?.IPAddress);
  });

  test("a second up changes nothing, also after a refresh", async () => {
    await program.up("--expect-no-changes");
    await program.run("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    await program.up("--expect-no-changes");
  });

  test("a secret environment variable is nowhere in the state", () => {
    expect(program.stateText()).not.toContain(password);
  });

  test("refresh notices a container that was stopped by hand, and up starts it", async () => {
    const { Id } = await box();
    await engine.getContainer(Id).stop({ t: 0 });
    expect(await program.run("refresh", "--yes", "--skip-preview")).toMatch(/1 updated/);
    await program.up();
    expect(await box()).toMatchObject({ Id, State: { Running: true } });
  });

  test("memory and restart policy are changed in place, the environment by a new container", async () => {
    const { Id } = await box();
    program.rewrite(source("hello", 'restart: "unless-stopped",').replace("memory: 64", "memory: 96"));
    await program.up();
    expect(await box()).toMatchObject({
      Id,
      HostConfig: { Memory: 96 * 1024 * 1024, RestartPolicy: { Name: "unless-stopped" } },
    });
    program.rewrite(source("goodbye"));
    await program.up();
    const replaced = await box();
    expect(replaced.Id).not.toBe(Id);
    expect(replaced.Config.Env).toContain("GREETING=goodbye");
  });

  test("a container without a name is replaced by a second one that is healthy first; a failed one leaves the first running, and the next up removes both", async () => {
    const unnamed = (greeting: string, command = "exec sleep 600") =>
      source(greeting)
        .replace(`  name: "${id}-box",\n`, "")
        .replace("exec sleep 600", command)
        .replace('ports: [{ internal: 80, ip: "127.0.0.1" }],', "")
        .replace('"test", "-s", "/data/greeting"', '"grep", "-q", "bye", "/etc/greeting"')
        .replace("waitTimeout: 20", "waitTimeout: 4");
    const boxes = async () => {
      const filters = JSON.stringify({
        label: [`wikiferry.test=${labelsOfOurs()["wikiferry.test"]}`],
        network: [`${id}-net`],
      });
      return (await engine.listContainers({ filters })).map(({ Id }) => Id);
    };
    program.rewrite(unnamed("bye one"));
    await program.up();
    const [first] = await boxes();
    program.rewrite(unnamed("ill"));
    const { code, text } = await program.attempt("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(text).toMatch(/should be healthy within 4 s/);
    expect(await boxes()).toContain(first);
    expect(await boxes()).toHaveLength(2);
    program.rewrite(unnamed("bye two"));
    const lines = await program.up();
    expect(lines.indexOf("created replacement")).toBeLessThan(lines.indexOf("deleted original"));
    expect(await boxes()).toHaveLength(1);
    expect(await boxes()).not.toContain(first);
    await program.up("--expect-no-changes");
    program.rewrite(source("goodbye"));
    await program.up();
  });

  test("an unknown property fails in preview, by its name", async () => {
    program.rewrite(source("goodbye", "").replace("internal: 80,", "internal: 80, extrenal: 81,"));
    const { code, text } = await program.attempt("preview");
    expect(code).not.toBe(0);
    expect(text).toMatch(/unknown property "ports\[0\]\.extrenal"/);
  });

  test("a container that ends at once fails with its exit code and last lines, and the next up repairs it", async () => {
    program.rewrite(source("broken").replace("exec sleep 600", "echo no such thing >&2; exit 7"));
    const { code, text } = await program.attempt("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(text).toMatch(/exit code 7/);
    expect(text).toMatch(/no such thing/);
    program.rewrite(source("goodbye"));
    await program.up();
    expect((await box()).State.Running).toBe(true);
    await program.up("--expect-no-changes");
  });
});
