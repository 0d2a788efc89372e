import { judgeChanges, judgePorts } from "../../../../../engine/operations/preflight/changes";
import { type Listed, servingOf } from "../../../../../engine/runtime/docker/lookup";
import { gateProgram, hashOfGate, settingsFile } from "../../../../../engine/traffic/gate/settings";
import { fingerprints } from "../../../../../stacks/mediawiki/fingerprints";
import { secretsOf } from "../../../../../stacks/mediawiki/spec";
import { stackConfig } from "../../../../support/stackConfig";

const wanted = {
  "green-mediawiki": "new",
  "green-mariadb": "new",
  "green-redis-sessions": "same",
  "green-gate": "same",
};
const running = (settings: Record<string, string>) =>
  Object.entries(settings).map(([name, value]) => ({ name, settings: value }));
const not = { restart: false, renew: false };

describe("what a change does to people", () => {
  test("nothing where all is as wanted, or nothing runs yet", () => {
    expect(judgeChanges(running(wanted), wanted, true, not)).toEqual([]);
    expect(judgeChanges([], wanted, false, not)).toEqual([]);
  });

  test("a MediaWiki that serves is replaced without harm to people", () => {
    expect(judgeChanges(running({ ...wanted, "green-mediawiki": "old" }), wanted, true, not)).toEqual([
      {
        code: "GREEN_REPLACED",
        severity: "pass",
        found:
          "green's MediaWiki is replaced: a second one starts, and serves once it is healthy; if it does not become healthy, the old one stays. Nobody notices",
        remedy: "",
      },
    ]);
  });

  test("the gate's ports are not changed unless that is allowed explicitly", () => {
    expect(judgePorts([8080, 9999], [9999, 8080], false)).toEqual([]);
    expect(judgePorts([], [80, 9999], false)).toEqual([]);
    expect(judgePorts([8080, 9999], [80, 9999], true)).toEqual([]);
    expect(judgePorts([8080, 9999], [80, 9999], false)).toEqual([
      {
        code: "GATE_RENEWED",
        severity: "block",
        found:
          "the gate is published at ports 8080 and 9999, and port 80 is wanted: its container would be replaced, and nobody reaches the wiki for some seconds",
        remedy:
          "Set gate.httpPort and tuning.gate.adminPort back, or allow it at a quiet hour: pulumi config set --path gate.renew true",
      },
    ]);
  });

  test("both the failed replacement and the one that still serves are considered", () => {
    const both = [...running(wanted), { name: "green-mediawiki", settings: "old" }];
    expect(judgeChanges(both, wanted, true, not).map(({ code }) => code)).toEqual(["GREEN_REPLACED"]);
  });

  test("a database that serves people is not restarted unless that is allowed explicitly", () => {
    const old = running({ ...wanted, "green-mariadb": "old" });
    expect(judgeChanges(old, wanted, true, not)).toEqual([
      {
        code: "GREEN_RESTARTS",
        severity: "block",
        found:
          "green's MariaDB restarts while green serves people: for some seconds, longer with a large buffer pool, green's pages fail and nobody can save there",
        remedy:
          "Change it while blue serves and the canary is 0, or allow it: pulumi config set --path green.allowRestart true",
      },
    ]);
    expect(judgeChanges(old, wanted, true, { ...not, restart: true })[0]?.severity).toBe("warn");
    expect(judgeChanges(old, wanted, false, not)).toEqual([
      {
        code: "GREEN_RESTARTS",
        severity: "pass",
        found: "green's MariaDB restarts: green serves nobody, so nobody notices",
        remedy: "",
      },
    ]);
  });

  test("a gate with another image stays until it is renewed explicitly", () => {
    const old = running({ ...wanted, "green-gate": "old" });
    expect(judgeChanges(old, wanted, true, not)[0]?.found).toMatch(/it stays as it is$/);
    expect(judgeChanges(old, wanted, true, { ...not, renew: true })[0]?.found).toMatch(
      /nobody reaches the wiki/,
    );
  });
});

describe("what a container is made of", () => {
  const config = stackConfig("prod");
  const secrets = secretsOf(config, process.cwd());
  const before = fingerprints(config, secrets, {}, "");
  const changedBy = (after: typeof before) =>
    Object.keys(before).filter(
      (name) => after[name as keyof typeof before] !== before[name as keyof typeof before],
    );

  test.each<[string, object, string[]]>([
    ["the wiki's name of its own", { "wiki.sitename": "Another" }, ["green-mediawiki"]],
    ["the canary", { canary: 10, phase: "switch" }, []],
    ["server_id of blue", { "tuning.database.blueServerId": 7 }, []],
    ["server_id of green", { "tuning.database.greenServerId": 7 }, ["green-mariadb"]],
    ["the buffer pool", { "green.database.bufferPoolSize": "3G" }, ["green-mariadb"]],
    ["the port that only the tool uses", { "green.database.replicationPort": 3399 }, []],
    ["how long the gate holds", { "tuning.gate.holdMs": 2000 }, []],
    ["the gate's port", { "gate.httpPort": 81 }, ["green-gate"]],
    ["Redis's memory", { "green.redis.maxMemory": "1gb" }, ["green-redis-cache", "green-redis-sessions"]],
  ])("%s changes what it should", (_what, changes, names) => {
    expect(changedBy(fingerprints(stackConfig("prod", { ...changes }), secrets, {}, ""))).toEqual(names);
  });

  test("the wiki's own settings, its passwords and a base image are part of it", () => {
    expect(changedBy(fingerprints(config, secrets, {}, "$wgX = 1;"))).toEqual(["green-mediawiki"]);
    expect(changedBy(fingerprints(config, { ...secrets, wikiSecretKey: "another" }, {}, ""))).toEqual([
      "green-mediawiki",
    ]);
    expect(changedBy(fingerprints(config, secrets, { mariadb: "mariadb:11" }, ""))).toEqual([
      "green-mariadb",
    ]);
  });
});

describe("which of two containers serves", () => {
  const one = (Id: string, Created: number, Status: string): Listed => ({ Id, Created, Status });

  test("the newest healthy one, or the newest", () => {
    const old = one("old", 1, "Up 3 days (healthy)");
    const young = one("young", 2, "Up 9 seconds (health: starting)");
    expect(servingOf([old, young])?.Id).toBe("old");
    expect(servingOf([old, { ...young, Status: "Up 20 seconds (healthy)" }])?.Id).toBe("young");
    expect(servingOf([old, { ...young, Status: "Up 2 minutes (unhealthy)" }])?.Id).toBe("old");
    expect(servingOf([young])?.Id).toBe("young");
    expect(servingOf([])).toBeUndefined();
  });
});

describe("settings of the gate", () => {
  test("one line for each, whatever is in it", () => {
    expect(settingsFile({ B: "two\nlines\\n", A: "a=b" })).toBe("A=a=b\nB=two\\nlines\\\\n\n");
  });

  test("a program differs from another if any of its files does", () => {
    const program = gateProgram();
    expect(Object.keys(program)).toEqual(["entrypoint.sh", "gate.lua", "haproxy.cfg", "keeper.sh"]);
    expect(hashOfGate({ ...program, "keeper.sh": "" }, {})).not.toBe(hashOfGate(program, {}));
    expect(hashOfGate(program, { A: "1" })).not.toBe(hashOfGate(program, {}));
  });
});
