import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { docker, ifThere, sh } from "../../../../scripts/common/docker";
import {
  ensureWorld,
  removeWorld,
  resetWorld,
  type World,
  worldStatus,
} from "../../../../scripts/rehearsal/worlds/mediawiki/oldSite/index";
import { worldFile } from "../../../../scripts/rehearsal/worlds/mediawiki/oldSite/secrets";

const options = {
  name: "worldtest",
  ports: { webSsh: 2211, dbSsh: 2212, filesSsh: 2213, http: 8091 },
  database: "wiki-db",
  prefix: "mw_",
  pages: 100,
  files: 40,
};

let world: World;

/** One person's browser, as far as the API needs one. */
class Visitor {
  readonly #cookies = new Map<string, string>();

  async get(params: Record<string, string>) {
    return this.#ask(`?${new URLSearchParams({ format: "json", formatversion: "2", ...params })}`, {});
  }

  async post(params: Record<string, string | Blob>) {
    const body = new FormData();
    for (const [name, value] of Object.entries({ format: "json", formatversion: "2", ...params }))
      if (typeof value === "string") body.set(name, value);
      else body.set(name, value, "upload.png");
    return this.#ask("", { method: "POST", body });
  }

  async token(type: string): Promise<string> {
    return (await this.get({ action: "query", meta: "tokens", type })).query.tokens[`${type}token`];
  }

  async logIn(name: string, password: string): Promise<void> {
    const token = await this.token("login");
    const { clientlogin } = await this.post({
      action: "clientlogin",
      username: name,
      password,
      logintoken: token,
      loginreturnurl: world.wiki.serverUrl,
    });
    expect(clientlogin).toMatchObject({ status: "PASS", username: name });
  }

  async #ask(query: string, init: RequestInit) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`${world.wikiUrl}/api.php${query}`, { ...init, headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (name) this.#cookies.set(name, value ?? "");
    }
    // biome-ignore lint/suspicious/noExplicitAny: the API's answers are looked at field by field.
    return (await response.json()) as any;
  }
}

const ssh = (host: { port: number; hostKey: string }, command: string) => {
  const known = worldFile(options.name, "known_hosts");
  writeFileSync(known, `[127.0.0.1]:${host.port} ${host.hostKey}\n`);
  const flags = ["-F", "none", "-p", String(host.port), "-i", world.operatorKeyFile, "-o", "BatchMode=yes"];
  const trust = ["-o", "StrictHostKeyChecking=yes", "-o", `UserKnownHostsFile=${known}`];
  return promisify(execFile)("ssh", [...flags, ...trust, "root@127.0.0.1", command]);
};

const sha1 = (bytes: ArrayBuffer) => createHash("sha1").update(Buffer.from(bytes)).digest("hex");
const statistics = async () =>
  (await new Visitor().get({ action: "query", meta: "siteinfo", siprop: "statistics" })).query.statistics;

async function images(): Promise<{ name: string; url: string; sha1: string }[]> {
  const all = await new Visitor().get({
    action: "query",
    list: "allimages",
    ailimit: "500",
    aiprop: "url|sha1",
  });
  return all.query.allimages;
}

beforeAll(async () => {
  await removeWorld({ name: options.name });
  world = await ensureWorld(options);
}, 600_000);

afterAll(() => removeWorld({ name: options.name }));

test("the wiki has the pages, revisions, files and users that were asked for", async () => {
  const counted = await statistics();
  expect(counted.images).toBe(38);
  expect(counted.pages).toBeGreaterThanOrEqual(100 + counted.images);
  expect(counted.edits).toBeGreaterThanOrEqual(250);
  expect(counted.users).toBeGreaterThanOrEqual(20);
  const rows = await sh(
    "worldtest-db",
    "mariadb -N wiki-db -e 'SELECT (SELECT COUNT(*) FROM mw_pagelinks) > 300, (SELECT COUNT(*) FROM mw_oldimage) > 0, (SELECT COUNT(*) FROM mw_filearchive) > 0, (SELECT COUNT(*) FROM mw_searchindex) > 90'",
  );
  expect(rows.trim().split("\t")).toEqual(["1", "1", "1", "1"]);
});

test("titles and texts have characters of four bytes", async () => {
  const found = await new Visitor().get({ action: "query", list: "allpages", aplimit: "500" });
  const wide = found.query.allpages
    .map((page: { title: string }) => page.title)
    .filter((title: string) => /[\u{10000}-\u{10ffff}]/u.test(title));
  expect(wide.length).toBeGreaterThanOrEqual(5);
  const { parse } = await new Visitor().get({ action: "parse", page: wide[0], prop: "wikitext" });
  expect(parse.wikitext).toMatch(/[\u{10000}-\u{10ffff}]/u);
});

test("files with odd names are served as MediaWiki knows them", async () => {
  const all = await images();
  const odd = all.filter(({ name }) => /^-|"|🚢|𠮷|%|\$/u.test(name));
  expect(odd.length).toBeGreaterThanOrEqual(5);
  for (const { name, url, sha1: expected } of odd) {
    const response = await fetch(url.replace(world.wiki.serverUrl, world.wikiUrl));
    expect([name, response.status, sha1(await response.arrayBuffer())]).toEqual([name, 200, expected]);
  }
});

test("an editor logs in, edits and uploads; a reset takes it back", async () => {
  const before = await statistics();
  const [editor] = world.editors;
  if (!editor) throw new Error("the world has no editors");
  const visitor = new Visitor();
  await visitor.logIn(editor.name, editor.password);
  const token = await visitor.token("csrf");
  const { edit } = await visitor.post({ action: "edit", title: "Reset me 🧭", text: "𠮷", token });
  expect(edit).toMatchObject({ result: "Success", new: true });

  const pixel = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  const { upload } = await visitor.post({
    action: "upload",
    filename: "Reset me.png",
    ignorewarnings: "1",
    token,
    file: new Blob([pixel], { type: "image/png" }),
  });
  expect(upload.result).toBe("Success");
  const served = await fetch(upload.imageinfo.url.replace(world.wiki.serverUrl, world.wikiUrl));
  expect(sha1(await served.arrayBuffer())).toBe(createHash("sha1").update(pixel).digest("hex"));

  world = await resetWorld(options);
  expect(await statistics()).toEqual(before);
});

test("the operator restarts the database over SSH and the wiki continues", async () => {
  await ssh(world.hosts.db, "service mariadb restart");
  expect((await statistics()).images).toBe(38);
  const { stdout } = await ssh(world.hosts.files, "ls /srv/uploads && command -v rsync");
  expect(stdout).toContain("/usr/bin/rsync");
  await ssh(world.hosts.web, "service cron stop && service cron start && service apache2 reload");
});

test("a running old site is used as it is", async () => {
  const again = await ensureWorld(options);
  expect(again.hosts).toEqual(world.hosts);
  expect((await worldStatus({ name: options.name })).hosts.map(({ state }) => state)).toEqual([
    "running",
    "running",
    "running",
  ]);
});

test("removal leaves nothing of it", async () => {
  await removeWorld({ name: options.name });
  const filters = { label: [`wikiferry.world=${options.name}`] };
  expect(await docker.listContainers({ all: true, filters })).toEqual([]);
  expect((await docker.listVolumes({ filters })).Volumes ?? []).toEqual([]);
  expect(await docker.listNetworks({ filters })).toEqual([]);
  expect(await ifThere(docker.getVolume("wikiferry-worldtest-db").inspect())).toBeUndefined();
});

test("an impossible size is refused", async () => {
  await expect(ensureWorld({ ...options, pages: 3 })).rejects.toMatchObject({ code: "WORLD_SIZE" });
  await expect(ensureWorld({ ...options, prefix: "x y" })).rejects.toMatchObject({ code: "WORLD_NAME" });
});
