import { randomBytes } from "node:crypto";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { DockerWorld } from "../../support/dockerWorld";
import { Program } from "./program";

const adminPassword = `admin-${randomBytes(8).toString("hex")}`;
const password = `secret-'"\\\\-${randomBytes(8).toString("hex")}`;

/** A MariaDB with nothing but an administrator. */
const serverScript = `
mkdir -p /tmp/data && chown mysql /tmp/data 2>/dev/null
mariadb-install-db --user=mysql --datadir=/tmp/data --auth-root-authentication-method=normal >/dev/null
# An init file has one statement on each line.
echo "CREATE USER admin@'%' IDENTIFIED BY '$ADMIN_PASSWORD';" > /tmp/init.sql
echo "GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;" >> /tmp/init.sql
exec mariadbd --no-defaults --user=mysql --datadir=/tmp/data --socket=/tmp/db.sock --init-file=/tmp/init.sql --bind-address=0.0.0.0
`;

describe("accounts and databases by the offline mysql plugin, on a real MariaDB", () => {
  const world = new DockerWorld();
  let program: Program;
  let port: number;
  let admin: Connection;

  const source = (privileges: string, secret = password) => `
const mysql = require("@pulumi/mysql");
const pulumi = require("@pulumi/pulumi");
const provider = new mysql.Provider("server", {
  endpoint: "127.0.0.1:${port}", username: "admin", password: pulumi.secret(${JSON.stringify(adminPassword)}),
});
const opts = { provider };
const database = new mysql.Database("wiki", { name: "my-wiki" }, opts);
const user = new mysql.User("app", { user: "app", host: "%", plaintextPassword: pulumi.secret(${JSON.stringify(secret)}) }, opts);
new mysql.Grant("app-rights", { user: user.user, host: user.host, database: database.name, privileges: ${privileges} }, opts);
new mysql.Grant("app-watch", { user: user.user, host: user.host, database: "*", privileges: ["REPLICATION CLIENT"] }, opts);
`;

  const grants = async (): Promise<string[]> => {
    const [rows] = await admin.query<RowDataPacket[]>("SHOW GRANTS FOR 'app'@'%'");
    return rows.map((row) => String(Object.values(row)[0]));
  };

  async function connectWhenUp(user: string, secret: string): Promise<Connection> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await createConnection({ host: "127.0.0.1", port, user, password: secret });
      } catch (error) {
        if (attempt > 400) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }

  beforeAll(async () => {
    const options = {
      User: "root",
      Entrypoint: ["sh", "-c", serverScript],
      Cmd: [],
      Env: [`ADMIN_PASSWORD=${adminPassword}`],
    };
    const server = await world.run("db", "wikiferry/mariadb:current", options, [3306]);
    port = await server.port(3306);
    admin = await connectWhenUp("admin", adminPassword);
    program = await Program.make(source('["SELECT", "INSERT"]'));
  });

  afterAll(async () => {
    try {
      await program?.close();
      const [left] = await admin.query<RowDataPacket[]>("SELECT User FROM mysql.user WHERE User = 'app'");
      expect(left).toEqual([]);
    } finally {
      await admin?.end();
      await world.close();
    }
  });

  test("up makes database, account and rights", async () => {
    await program.up();
    expect(await grants()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^GRANT BINLOG MONITOR ON \*\.\*/),
        expect.stringMatching(/^GRANT SELECT, INSERT ON `my-wiki`\.\*/),
      ]),
    );
    const app = await createConnection({
      host: "127.0.0.1",
      port,
      user: "app",
      password,
      database: "my-wiki",
    });
    await app.end();
  });

  test("a second up and a refresh change nothing, and no password is in the state", async () => {
    await program.run("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    await program.up("--expect-no-changes");
    const state = program.stateText();
    expect(state).not.toContain(adminPassword);
    expect(state).not.toContain(password.slice(-16));
  });

  test("a right that was revoked by hand is given again; rights and password change in place", async () => {
    await admin.query("REVOKE INSERT ON `my-wiki`.* FROM 'app'@'%'");
    expect(await program.run("refresh", "--yes", "--skip-preview")).toMatch(/1 updated/);
    program.rewrite(source('["SELECT", "INSERT", "UPDATE"]', "another one"));
    await program.up();
    expect(await grants()).toContainEqual(
      expect.stringMatching(/^GRANT SELECT, INSERT, UPDATE ON `my-wiki`\.\*/),
    );
    const app = await createConnection({ host: "127.0.0.1", port, user: "app", password: "another one" });
    await app.end();
    program.rewrite(source('["SELECT"]', "another one"));
    await program.up();
    expect(await grants()).toContainEqual(expect.stringMatching(/^GRANT SELECT ON `my-wiki`\.\*/));
  });
});
