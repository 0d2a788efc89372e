import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foreign, setUpTags } from "../../scripts/clean/ownership";
import { processes, underWay } from "../../scripts/clean/processes";
import { offlinePlugins } from "../../scripts/clean/setUp";

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
      process_(2, ["/src/wikiferry/node_modules/.bin/node", "/src/wikiferry/scripts/rehearsal/load/main.ts"]),
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

  it("tells a wiki's new side from a rehearsal's", () => {
    const rehearsal = [
      { name: "green-mariadb", networks: ["wikiferry-green", "wikiferry-wan"] },
      { name: "green-redis-cache", networks: ["wikiferry-green"] },
    ];
    expect(foreign(rehearsal)).toEqual([]);
    expect(foreign([...rehearsal, { name: "green-gate", networks: ["wikiferry-green"] }])).toEqual([
      "green-gate",
    ]);
  });

  it("takes the images of the project's services, and the base, and no others", () => {
    const tags = [
      "wikiferry/gate:current",
      "wikiferry/gate:0123456789ab",
      "wikiferry/debian:bookworm",
      "wikiferry/gate-test:1",
      "mariadb:10.11",
      "<none>:<none>",
    ];
    expect(setUpTags(tags, { services: ["gate"], base: "wikiferry/debian:bookworm" })).toEqual([
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
