import fc from "fast-check";
import { pinnedSshOptions } from "../../../components/environment/green";
import { container } from "../../../plugins/docker/container";
import { createOptions, durationNs } from "../../../plugins/docker/containerOptions";
import { sshSettings } from "../../../plugins/docker/engine";
import { network } from "../../../plugins/docker/network";
import { changesOf, failuresOf, withDefaults } from "../../../plugins/sdk/check";
import { holdsSecret, plain, same, seal, secret, unknown } from "../../../plugins/sdk/values";

const urn = "urn:pulumi:dev::wiki::docker:index/container:Container::green-mariadb";

describe("check", () => {
  test("an unknown property fails by its name, at any depth", () => {
    const values = { image: "i", comand: ["x"], ports: [{ internal: 80, extrenal: 81 }] };
    expect(
      failuresOf(container.inputs, values)
        .map(({ property }) => property)
        .sort(),
    ).toEqual(["comand", "ports[0].extrenal"]);
  });

  test("a value that only a real up will know counts as valid", () => {
    expect(
      failuresOf(container.inputs, { image: unknown, memory: unknown, ports: [{ internal: unknown }] }),
    ).toEqual([]);
  });

  test("a wrong type names the property", () => {
    expect(failuresOf(container.inputs, { image: "i", memory: "64" })).toEqual([
      { property: "memory", reason: expect.stringMatching(/^memory: .*number/) },
    ]);
  });

  test("an automatic name begins with the resource's and is kept", () => {
    const first = withDefaults(container, urn, {}, { image: "i" });
    expect(first.name).toMatch(/^green-mariadb-[0-9a-f]{7}$/);
    expect(withDefaults(container, urn, first, { image: "j" }).name).toBe(first.name);
  });
});

describe("diff", () => {
  const inputs = { image: "i", mustRun: true, envs: ["A=1"] };

  test("an environment variable needs a new container, a memory limit does not", () => {
    const news = { ...inputs, envs: ["A=2"], memory: 64 };
    expect(changesOf(container, inputs, inputs, news)).toEqual({
      changed: ["envs", "memory"],
      replaces: ["envs"],
    });
  });

  test("a property that was removed is a change", () => {
    const { envs: _, ...news } = inputs;
    expect(changesOf(container, inputs, inputs, news).changed).toEqual(["envs"]);
  });

  test("what refresh found stopped is started again", () => {
    expect(changesOf(container, inputs, { ...inputs, mustRun: false }, inputs)).toEqual({
      changed: ["mustRun"],
      replaces: [],
    });
  });

  test("what the engine adds to the outputs is no change", () => {
    const state = { name: "n", driver: "bridge", ipamConfigs: [{ subnet: "172.20.0.0/16" }] };
    expect(changesOf(network, { name: "n" }, state, { name: "n" }).changed).toEqual([]);
  });
});

describe("secrets", () => {
  const raw = { envs: ["A=1", secret("PW=x")], name: "n" };

  test("methods see plain text, and outputs are as secret as the inputs were", () => {
    expect(plain(raw)).toEqual({ envs: ["A=1", "PW=x"], name: "n" });
    expect(seal({ envs: ["A=1", "PW=x"], name: "n" }, [raw], [], [])).toEqual(raw);
  });

  test("an output that differs from its secret input is secret as a whole", () => {
    expect(seal({ envs: ["PW=y"] }, [raw], [], [])).toEqual({ envs: secret(["PW=y"]) });
  });

  test("what a command with a secret in it prints is secret", () => {
    const inputs = { create: secret("echo x"), dir: "/" };
    const sealed = seal({ stdout: "x", dir: "/" }, [inputs], ["stdout"], ["create"]);
    expect(sealed).toEqual({ stdout: secret("x"), dir: "/" });
  });

  test("no plain text of a secret input is left in any output of its name", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
        const sealed = seal({ x: after }, [{ x: secret(before) }], [], []);
        expect(sealed.x === undefined || holdsSecret(sealed.x)).toBe(true);
      }),
    );
  });

  test("equality ignores the order of keys, and treats absent and empty as equal", () => {
    expect(same({ a: 1, b: [] }, { c: "", b: undefined, a: 1 })).toBe(true);
    expect(same(["a", "b"], ["b", "a"])).toBe(false);
  });
});

describe("the words of the engines", () => {
  test.each([
    ["5s", 5e9],
    ["1m30s", 9e10],
    ["500ms", 5e8],
    ["1.5s", 1.5e9],
  ])("a duration of %s", (text, ns) => expect(durationNs(text)).toBe(ns));

  test.each(["5", "", "s5", "5 s"])("no duration: %p", (text) =>
    expect(() => durationNs(text)).toThrow(/"5s"/),
  );

  test("a hardened container", () => {
    const options = createOptions({
      name: "green-mediawiki",
      image: "wikiferry/mediawiki:current",
      readOnly: true,
      tmpfs: { "/tmp": "size=64m" },
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges"],
      memory: 512,
      restart: "unless-stopped",
      ports: [{ internal: 8080, external: 8080, ip: "127.0.0.1" }],
      volumes: [{ volumeName: "uploads", containerPath: "/srv/uploads", readOnly: true }],
      networksAdvanced: [{ name: "green", aliases: ["wiki"] }, { name: "wan" }],
      hosts: [{ host: "gate", ip: "10.0.0.2" }],
    });
    expect(options).toMatchObject({
      ExposedPorts: { "8080/tcp": {} },
      HostConfig: {
        ReadonlyRootfs: true,
        Tmpfs: { "/tmp": "size=64m" },
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        Memory: 512 * 1024 * 1024,
        RestartPolicy: { Name: "unless-stopped", MaximumRetryCount: 0 },
        PortBindings: { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }] },
        Binds: ["uploads:/srv/uploads:ro"],
        NetworkMode: "green",
        ExtraHosts: ["gate:10.0.0.2"],
      },
      NetworkingConfig: { EndpointsConfig: { green: { Aliases: ["wiki"] } } },
    });
  });

  test("ssh's options that name the keys and the port", () => {
    expect(sshSettings(["-i", "/a key", "-oPort=2222", "-o", "StrictHostKeyChecking=yes"])).toEqual({
      identityFile: "/a key",
      port: 2222,
    });
    expect(sshSettings(pinnedSshOptions("ssh-ed25519 AAAA root@green", "/k"))).toEqual({
      identityFile: "/k",
      hostKey: "ssh-ed25519 AAAA",
    });
  });
});
