import { createHash } from "node:crypto";
import type { ContainerRef, FilesSettings, MoveSpec, SshTarget } from "../../engine/move";
import { Uploads } from "../../engine/movers/files/uploads";
import type { ProgressEvent } from "../../engine/progress";
import { runInContainer } from "../../engine/runtime/docker/exec";
import { freshKey } from "../../engine/runtime/ssh/freshKey";
import { SshPool } from "../../engine/runtime/ssh/pool";
import { DockerWorld } from "./dockerWorld";
import { testImage } from "./image";
import { type Pair, startPair } from "./mariadb";
import { until } from "./until";

export const directory = "/srv/uploads";

/** Where MediaWiki keeps a file. */
export function pathOf(name: string): string {
  const md5 = createHash("md5").update(name).digest("hex");
  return `${md5[0]}/${md5.slice(0, 2)}/${name}`;
}

/** A content's SHA-1 as MediaWiki records it. */
export function base36(content: string): string {
  const hex = createHash("sha1").update(content).digest("hex");
  return BigInt(`0x${hex}`).toString(36).padStart(31, "0");
}

/** MediaWiki's 14 digits. */
export function timestamp(at = new Date()): string {
  return at.toISOString().replace(/\D/g, "").slice(0, 14);
}

/** A files host with sshd and rsync, file-sync, and MediaWiki's records of uploads. */
export class FilesWorld {
  readonly progress: ProgressEvent[] = [];

  private constructor(
    private readonly world: DockerWorld,
    readonly pool: SshPool,
    readonly pair: Pair,
    readonly operator: ReturnType<typeof freshKey>,
    readonly ssh: SshTarget,
    readonly fileSync: ContainerRef,
    readonly spec: MoveSpec,
  ) {}

  /** @param start Starts the two databases. Defaults to two that know nothing of each other. */
  static async start(start: () => Promise<Pair> = startPair): Promise<FilesWorld> {
    const world = new DockerWorld();
    const operator = freshKey();
    const host = freshKey();
    const pool = new SshPool(operator.private);
    const pair = await start();
    // Sizes are invisible, so that a row without one needs no name of its columns.
    for (const table of [
      "image (img_name varbinary(255) PRIMARY KEY, img_sha1 varbinary(32), img_timestamp binary(14), img_size int INVISIBLE DEFAULT 0)",
      "oldimage (oi_name varbinary(255), oi_archive_name varbinary(255), oi_sha1 varbinary(32), oi_timestamp binary(14), oi_deleted tinyint, oi_size int INVISIBLE DEFAULT 0)",
      "filearchive (fa_name varbinary(255), fa_storage_key varbinary(64), fa_deleted_timestamp binary(14))",
      "logging (log_id int AUTO_INCREMENT PRIMARY KEY, log_type varbinary(32), log_namespace int, log_title varbinary(255), log_timestamp binary(14), log_params blob)",
    ])
      await pair.blue.run(`CREATE TABLE wikidb.${table}`);

    const network = await world.network();
    const files = await world.run(
      "files",
      await testImage("blue-files"),
      { HostConfig: { NetworkMode: network.name, Binds: ["/var/run/docker.sock:/var/run/docker.sock"] } },
      [22],
      [
        { path: "/root/.ssh/authorized_keys", content: `${operator.public}\n` },
        { path: "/etc/ssh/ssh_host_ed25519_key", content: `${host.private}\n` },
      ],
    );
    const ssh: SshTarget = {
      host: "127.0.0.1",
      port: await files.port(22),
      user: "root",
      hostKey: host.public,
    };
    await until("ssh", async () => {
      await pool.to(ssh);
      return true;
    });
    const running = await world.run("file-sync", await testImage("fileSync"), {
      HostConfig: {
        NetworkMode: network.name,
        ReadonlyRootfs: true,
        Tmpfs: { "/tmp": "" },
        SecurityOpt: ["no-new-privileges"],
        CapDrop: ["ALL"],
      },
    });
    const fileSync = { container: running.name };
    const spec = {
      ...pair.spec,
      blue: { ...pair.spec.blue, files: { ssh, directory, address: { host: files.name, port: 22 } } },
      green: { ...pair.spec.green, fileSync: { ...fileSync, directory } },
    };
    return new FilesWorld(world, pool, pair, operator, ssh, fileSync, spec);
  }

  /** Uploads with settings other than the defaults, in another directory of blue. */
  uploads(files: Partial<FilesSettings> = {}, onBlue = directory): Uploads {
    const blue = { ...this.spec.blue, files: { ...this.spec.blue.files, directory: onBlue } };
    return new Uploads({
      spec: { ...this.spec, blue, files: { ...this.spec.files, ...files } },
      pool: this.pool,
      // Both sides use blue's records here; other tests cover the databases' replication.
      blue: this.pair.blue,
      green: this.pair.blue,
      report: (event) => this.progress.push(event),
    });
  }

  async onBlue(command: string, stdin?: string): Promise<string> {
    return (await this.pool.to(this.ssh)).run(command, stdin);
  }

  async onGreen(command: string): Promise<string> {
    return runInContainer(this.fileSync, ["sh", "-c", `cd ${directory} && ${command}`], this.pool);
  }

  async put(path: string, content: string, owner = "33:33"): Promise<void> {
    const quoted = `'${path.replaceAll("'", "'\\''")}'`;
    await this.onBlue(
      `cd ${directory} && mkdir -p "$(dirname -- ${quoted})" && cat >${quoted} && chown -R ${owner} .`,
      content,
    );
  }

  /** An upload as MediaWiki makes it: the file, its row and its log entry. */
  async upload(name: string, content: string, at = new Date()): Promise<void> {
    await this.put(pathOf(name), content);
    await this.record(name, base36(content), at);
  }

  async record(name: string, sha1: string, at = new Date()): Promise<void> {
    await this.pair.blue.run("REPLACE INTO wikidb.image VALUES (?, ?, ?)", [name, sha1, timestamp(at)]);
    await this.pair.blue.run(
      "INSERT INTO wikidb.logging (log_type, log_namespace, log_title, log_timestamp, log_params) VALUES ('upload', 6, ?, ?, '')",
      [name, timestamp(at)],
    );
  }

  async close(): Promise<void> {
    await this.pool.close();
    await this.world.close();
    await this.pair.stop();
  }
}
