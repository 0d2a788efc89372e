import { join } from "node:path";
import { put, sh } from "../../../../common/docker";
import type { DockerWorld } from "../../../../lab/dockerWorld";
import type { FollowingPair } from "../../../../lab/followingPair";
import { toolImage } from "../../../toolImage";

/** A separate account and schema: it writes its checksums on the primary, and replication delivers them. */
const account = "bench_percona";

/** What it found. */
export interface Checksums {
  seconds: number;
  /** Tables with a chunk that differs, or that could not be compared. */
  differing: string[];
}

/**
 * pt-table-checksum from Debian's percona-toolkit, with its defaults: CRC32, combined by XOR, in chunks of half a
 * second. https://docs.percona.com/percona-toolkit/pt-table-checksum.html
 */
export class TableChecksum {
  readonly name = "pt-table-checksum";

  private constructor(private readonly container: string) {}

  static async start(pair: FollowingPair, world: DockerWorld): Promise<TableChecksum> {
    const image = await toolImage(world.docker, {
      name: "bench-percona",
      tool: "percona-toolkit",
      folder: join(__dirname, "image"),
      packages: "package percona-toolkit",
    });
    const { name } = await world.run("percona", image, {
      HostConfig: { NetworkMode: pair.network.name, Init: true },
    });
    await put(name, [
      { path: "/root/.my.cnf", content: `[client]\nuser=${account}\npassword=${pair.replicationPassword}\n` },
    ]);
    for (const server of [pair.blue, pair.green]) {
      const own = await server.sessionWithoutBinlog();
      await own.run("CREATE USER ?@'%' IDENTIFIED BY ?", [account, pair.replicationPassword]);
      await own.run("GRANT ALL ON *.* TO ?@'%' WITH GRANT OPTION", [account]);
    }
    // Tells it where the replica is.
    await pair.blue.run("CREATE DATABASE ??", [account]);
    await pair.blue.run(
      "CREATE TABLE ??.dsns (id INT AUTO_INCREMENT PRIMARY KEY, parent_id INT, dsn VARCHAR(255))",
      [account],
    );
    await pair.blue.run("INSERT INTO ??.dsns (dsn) VALUES (?)", [
      account,
      `h=${pair.green.place.replication.host}`,
    ]);
    return new TableChecksum(name);
  }

  /** Compares a database's tables. Its time is measured where it runs. */
  async compare(pair: FollowingPair, database: string): Promise<Checksums> {
    const { host } = pair.blue.place.replication;
    const output = await sh(
      this.container,
      `start=$(date +%s%N)
pt-table-checksum h=${host} --databases ${database} --replicate ${account}.checksums \\
  --recursion-method dsn=h=${host},D=${account},t=dsns --no-check-binlog-format --no-version-check >/tmp/out 2>&1 || true
end=$(date +%s%N)
echo "took $((end - start))"
cat /tmp/out`,
    );
    return readChecksums(output, database);
  }
}

/** Parses its table: TS ERRORS DIFFS ROWS DIFF_ROWS CHUNKS SKIPPED TIME TABLE. @throws when there is none */
export function readChecksums(output: string, database: string): Checksums {
  const took = /^took (\d+)$/m.exec(output)?.[1];
  const lines = output.split("\n").map((line) => line.trim().split(/\s+/));
  const heading = lines.find((words) => words.includes("ERRORS") && words.includes("TABLE"));
  const tables = lines.filter(
    (words) => heading && words.length === heading.length && words.at(-1)?.startsWith(`${database}.`),
  );
  if (!took || !heading || tables.length === 0) throw new Error(`no checksums: ${output.slice(-1_000)}`);
  const of = (words: string[], name: string) => Number(words[heading.indexOf(name)]);
  return {
    seconds: Number(took) / 1e9,
    differing: tables
      .filter((words) => of(words, "DIFFS") > 0)
      .map((words) => String(words.at(-1)).slice(database.length + 1)),
  };
}
