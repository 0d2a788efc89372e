import { copyDatabase } from "../../../../../engine/movers/mariadb/copy/copy";
import { flipGuardrails } from "../../../../../engine/movers/mariadb/preflight/guardrails";
import { follow, waitForGtid } from "../../../../../engine/movers/mariadb/replication/follow";
import { positions } from "../../../../../engine/movers/mariadb/replication/status";
import { verify } from "../../../../../engine/movers/mariadb/verify/verify";
import { silent } from "../../../../../engine/progress";
import { deriveSecret } from "../../../../../engine/secrets";
import { blueWithMariadb105 } from "../../../../../scripts/lab/image";
import { startAdoptedPair } from "../../../../support/adopted";
import type { Pair } from "../../../../support/mariadb";
import { fillWiki } from "../../../../support/mariadbContent";

jest.setTimeout(300_000);

const database = "wikidb";

describe("blue has MariaDB 10.5, green a newer one", () => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await startAdoptedPair({ images: { blue: await blueWithMariadb105() } });
    const { blue } = pair;
    await blue.run("ALTER DATABASE ?? CHARACTER SET utf8", [database]);
    await fillWiki(blue, database, { pages: 50 });
    const session = await blue.open({ database });
    for (const sql of [
      `CREATE TABLE named (n_name VARCHAR(20) CHARACTER SET utf8 COLLATE utf8_bin NOT NULL DEFAULT 'utf8' PRIMARY KEY,
         n_text TEXT, n_made VARCHAR(30) AS (CONCAT(n_name, _utf8'ü')) STORED) ENGINE=InnoDB DEFAULT CHARSET=utf8`,
      "INSERT INTO named (n_name, n_text) VALUES ('Größe', 'utf8'), ('漢字', NULL)",
      "CREATE DEFINER=wikiuser@'%' VIEW converted AS SELECT CONVERT(n_name USING utf8) COLLATE utf8_bin AS c FROM named",
      `CREATE DEFINER=wikiuser@'%' FUNCTION shown(a VARCHAR(9) CHARSET utf8) RETURNS VARCHAR(9) CHARSET utf8
         DETERMINISTIC RETURN a`,
    ])
      await session.run(sql);
    await session.close();
  });
  afterAll(() => pair?.stop());

  test("utf8 and utf8mb3 are one charset: the copy is the same, and a flip is not refused for it", async () => {
    const { blue, green } = pair;
    expect(await blue.value("SELECT VERSION()")).toMatch(/^10\.5\./);
    const collation =
      "SELECT table_collation FROM information_schema.tables WHERE table_name = 'searchindex'";
    expect(await blue.value(collation)).toBe("utf8_general_ci");
    await copyDatabase({ ...pair, report: silent });
    expect(await green.value(collation)).toBe("utf8mb3_general_ci");
    await follow(green, blue, deriveSecret(pair.secrets.masterSecret, "mariadb-replication"));
    await blue.run("INSERT INTO ??.named (n_name) VALUES ('later ü')", [database]);
    expect(await waitForGtid(green, (await positions(blue)).binlog, 30_000)).toBe(true);

    expect(await verify(blue, green, database)).toMatchObject({ ok: true, differing: [] });
    const findings = await flipGuardrails({
      primary: blue,
      replica: green,
      database,
      tablePrefix: "",
      appUser: "wikiuser",
      limits: { longTransactionMs: 5_000, verificationMaxAgeMs: 600_000 },
      holder: "olderBlue:test",
      freeBytes: async () => 1024 ** 4,
    });
    const schema = ["SCHEMA_TABLES", "SCHEMA_OBJECTS", "SCHEMA_CHARSET"];
    const found = findings.filter(({ code }) => schema.includes(code));
    expect(found.map(({ code, severity }) => `${severity} ${code}`).sort()).toEqual(
      schema.map((code) => `pass ${code}`).sort(),
    );
  });

  test("a different collation is reported, whatever the charset is called", async () => {
    const own = await pair.green.sessionWithoutBinlog();
    await own.run("ALTER TABLE ??.named MODIFY n_text TEXT CHARACTER SET utf8mb3 COLLATE utf8mb3_bin", [
      database,
    ]);
    await expect(verify(pair.blue, pair.green, database)).rejects.toMatchObject({
      code: "VERIFY_MISMATCH",
      found: expect.stringContaining(
        "utf8mb3_bin instead of text NULL DEFAULT NULL utf8mb3 utf8mb3_general_ci",
      ),
    });
  });
});
