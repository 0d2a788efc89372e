import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setUpTags } from "../../../scripts/clean/ownership";
import { processes, underWay } from "../../../scripts/clean/processes";
import { offlinePlugins } from "../../../scripts/clean/setUp";
import { rehearsalId } from "../../../scripts/common/rehearsalId";
import { type EngineThing, own, refuseStrangers, strangers } from "../../../scripts/rehearsal/core/things";
import { greenScope } from "../../../scripts/rehearsal/worlds/mediawiki/green";

describe("clean", () => {
  const here = {
    projectDir: "/src/wikiferry",
    backendUrl: "file:///src/wikiferry/.wikiferry/rehearsal/state",
  };
  const process_ = (pid: number, argv: string[], directory = here.projectDir, backendUrl = "") => ({
    pid,
    argv,
    directory,
    backendUrl,
  });

  it("sees the rehearsal, its readers and editors, and pulumi on its stack", () => {
    const all = [
      process_(1, ["/usr/bin/node", "--require", "x.cjs", "scripts/rehearsal/main.ts"]),
      process_(2, [
        "/src/wikiferry/node_modules/.bin/node",
        "/src/wikiferry/scripts/rehearsal/worlds/mediawiki/load/main.ts",
      ]),
      process_(3, ["pulumi", "up", "--yes"], "/", here.backendUrl),
      process_(4, ["/root/.pulumi/bin/pulumi", "preview"], "/", here.backendUrl),
    ];
    expect(underWay(all, here).map(({ pid }) => pid)).toEqual([1, 2, 3, 4]);
  });

  it("leaves alone another checkout's rehearsal, another stack, who only reads its files, and what a killed engine leaves", () => {
    const all = [
      process_(1, ["node", "scripts/rehearsal/main.ts"], "/src/other"),
      process_(2, ["pulumi", "up"], here.projectDir, "file:///elsewhere"),
      process_(3, ["vi", "scripts/rehearsal/main.ts"]),
      process_(4, ["node", "scripts/clean.ts"], here.projectDir, here.backendUrl),
      process_(5, ["/root/.pulumi/bin/pulumi-language-nodejs", "127.0.0.1:40000"], "/", here.backendUrl),
    ];
    expect(underWay(all, here)).toEqual([]);
  });

  it("finds this very process among the machine's", () => {
    const mine = processes().find(({ pid }) => pid === process.pid);
    expect(mine?.directory).toBe(process.cwd());
  });

  const thing = (kind: EngineThing["kind"], name: string, labels: Record<string, string> = {}) => ({
    kind,
    name,
    id: name,
    labels,
  });
  const green = { "wikiferry.side": "green" };
  const ours = { ...green, "wikiferry.rehearsal": "here-1" };

  it("recognizes its own things by the checkout's id and the side's label, and leaves look-alikes to their owner", () => {
    const things = [
      thing("container", "green-gate", ours),
      thing("volume", "wikiferry-green-uploads", ours),
      thing("network", "wikiferry-green", ours),
      thing("container", "green-mariadb", green),
      thing("volume", "wikiferry-green-mariadb", { ...green, "wikiferry.rehearsal": "there-2" }),
      thing("volume", "wikiferry-green-file-sync"),
      thing("container", "green-jobs"),
      thing("network", "of-another-name", green),
      thing("container", "green-tea"),
      thing("volume", "wikiferry-blue-db", { "wikiferry.world": "blue", "wikiferry.rehearsal": "here-1" }),
    ];
    expect(own(things, greenScope, "here-1")).toEqual(things.slice(0, 3));
    expect(strangers(things, greenScope, "here-1")).toEqual(things.slice(3, 8));
  });

  it("names each foreign thing and its owner", () => {
    const other = { ...green, "wikiferry.rehearsal": "there-2" };
    const things = [
      thing("container", "green-gate", green),
      thing("volume", "wikiferry-green-uploads", other),
    ];
    expect(() => refuseStrangers(things, greenScope, "here-1")).toThrow(
      /^CLEAN_NOT_OURS: container green-gate \(a real move's, or made by hand\), volume wikiferry-green-uploads \(the rehearsal there-2\) /,
    );
    expect(() => refuseStrangers([], greenScope, "here-1")).not.toThrow();
  });

  it("gives each checkout one id for good, and a copy of a checkout another one", () => {
    const folder = mkdtempSync(join(tmpdir(), "wikiferry-checkouts-"));
    // A CI runner's own id would apply to all of them.
    const given = process.env.WIKIFERRY_REHEARSAL_ID;
    delete process.env.WIKIFERRY_REHEARSAL_ID;
    try {
      const [a, b] = ["a", "b"].map((name) => join(folder, name)) as [string, string];
      const file = (checkout: string) => join(checkout, ".wikiferry/rehearsal-id.json");
      const id = rehearsalId(file(a), a);
      expect(id).toMatch(/^a-[0-9a-f]{16}$/);
      expect(rehearsalId(file(a), a)).toBe(id);
      cpSync(a, b, { recursive: true });
      const copied = rehearsalId(file(b), b);
      expect(copied).toMatch(/^b-/);
      expect(rehearsalId(file(b), b)).toBe(copied);
      // A checkout that was moved keeps its id.
      const moved = join(folder, "moved");
      renameSync(a, moved);
      expect(rehearsalId(file(moved), moved)).toBe(id);
      process.env.WIKIFERRY_REHEARSAL_ID = "runner";
      expect(rehearsalId(file(moved), moved)).toBe("runner");
    } finally {
      if (given === undefined) delete process.env.WIKIFERRY_REHEARSAL_ID;
      else process.env.WIKIFERRY_REHEARSAL_ID = given;
      rmSync(folder, { recursive: true });
    }
  });

  it("takes the images of the project's services, and the bases, and no others", () => {
    const tags = [
      "wikiferry/gate:current",
      "wikiferry/gate:0123456789ab",
      "wikiferry/debian:bookworm",
      "wikiferry/gate-test:1",
      "mariadb:10.11",
      "<none>:<none>",
    ];
    expect(setUpTags(tags, { services: ["gate"], bases: ["wikiferry/debian:bookworm"] })).toEqual([
      "wikiferry/debian:bookworm",
      "wikiferry/gate:0123456789ab",
      "wikiferry/gate:current",
    ]);
  });

  it("takes offline plugins of this checkout, not the vendor's and not another checkout's", () => {
    const plugins = mkdtempSync(join(tmpdir(), "wikiferry-plugins-"));
    const plugin = (name: string, launcher: string, marked: boolean) => {
      mkdirSync(join(plugins, name));
      writeFileSync(join(plugins, name, "pulumi-resource-docker"), launcher);
      if (marked) writeFileSync(join(plugins, name, "wikiferry-offline"), "");
    };
    try {
      plugin("ours", "exec '/src/wikiferry/node_modules/node/bin/node'", true);
      plugin("others", "exec '/src/wikiferry-2/node_modules/node/bin/node'", true);
      plugin("vendors", "\x7fELF", false);
      expect(offlinePlugins(plugins, "/src/wikiferry")).toEqual([join(plugins, "ours")]);
    } finally {
      rmSync(plugins, { recursive: true });
    }
  });
});
