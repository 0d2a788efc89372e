import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { subnetOf } from "../../../../../components/environment/subnet";
import {
  applicationAccountHolds,
  ensureApplicationAccount,
} from "../../../../../engine/movers/mariadb/accounts/application";
import { wayToGreen } from "../../../../../engine/movers/mariadb/preflight/wayToGreen";
import { issueCertificate } from "../../../../../engine/movers/mariadb/tls/certificates";
import { execInContainer } from "../../../../../engine/runtime/docker/exec";
import { Server } from "../../../../../engine/runtime/mariadb/server";
import { SshPool } from "../../../../../engine/runtime/ssh/pool";
import { labelsOfOurs } from "../../../../../scripts/lab/leftovers";
import { secretFiles, serverUid } from "../../../../../scripts/lab/secretFiles";
import { DockerWorld, type RunningContainer } from "../../../../support/dockerWorld";
import { testImage } from "../../../../support/image";
import { until } from "../../../../support/until";

const password = randomBytes(12).toString("hex");
const appPassword = randomBytes(12).toString("hex");

/** Green's MariaDB behind its proxy, blue, a stranger beside blue, and another container of green. */
describe("who reaches green's MariaDB", () => {
  const world = new DockerWorld();
  const pool = new SshPool("");
  let green: Server;
  let subnet: ReturnType<typeof subnetOf>;
  let database: RunningContainer;
  const people = {} as Record<"blue" | "stranger" | "wiki", RunningContainer>;

  /** The output of `mariadb` for a login from a container. */
  const logIn = async (from: keyof typeof people, host: string, user: string, secret: string, more = "") => {
    const script = `mariadb --no-defaults --connect-timeout=10 -h ${host} -u ${user} ${more} -e 'SELECT USER()' 2>&1 | tail -n 1`;
    const { stdout } = await execInContainer({ container: people[from].name }, ["sh", "-c", script], pool, {
      env: { MYSQL_PWD: secret },
    });
    return stdout.trim();
  };

  beforeAll(async () => {
    const { docker } = world;
    const [net, wan] = [world.name("own"), world.name("wan")];
    const cidr = `10.213.${randomBytes(1)[0]}.0/24`;
    subnet = subnetOf(cidr);
    await docker.createNetwork({
      Name: net,
      Labels: labelsOfOurs(),
      IPAM: { Config: [{ Subnet: cidr, Gateway: subnet.first }] },
    });
    await docker.createNetwork({ Name: wan, Labels: labelsOfOurs() });
    const tls = await issueCertificate("m".repeat(32), "green", ["green-db"], new Date());
    const image = await testImage("mariadb");
    const outside = (running: RunningContainer, alias: string) =>
      docker.getNetwork(wan).connect({ Container: running.name, EndpointConfig: { Aliases: [alias] } });
    const on = (network: string, endpoint: Docker.EndpointSettings) => ({
      HostConfig: { NetworkMode: network },
      NetworkingConfig: { EndpointsConfig: { [network]: endpoint } },
    });
    database = await world.run(
      "db",
      image,
      {
        ...on(net, { Aliases: ["green-mariadb"] }),
        Env: [`ADMIN_HOST=${subnet.first}`, `LISTEN_NETWORK=${cidr}`, `PROXY_ADDRESS=${subnet.last}`],
      },
      [3306],
      secretFiles(serverUid, {
        "admin-password": password,
        "ca.pem": tls.ca,
        "cert.pem": tls.cert,
        "key.pem": tls.key,
      }),
    );
    await outside(database, "nobody-calls-it");
    const idle = (network: string, alias: string) => ({
      User: "root",
      Entrypoint: ["sleep"],
      Cmd: ["600"],
      ...on(network, { Aliases: [alias] }),
    });
    people.blue = await world.run("blue", image, idle(wan, "blue-db"));
    people.stranger = await world.run("stranger", image, idle(wan, "stranger"));
    people.wiki = await world.run("wiki", image, idle(net, "wiki"));
    const proxy = await world.run("proxy", await testImage("proxy"), {
      ...on(net, { IPAMConfig: { IPv4Address: subnet.last } }),
      Env: ["DATABASE=green-mariadb:3306", "ALLOW_FROM=blue-db", "LOOK_UP_SECONDS=1", "PER_ADDRESS=4"],
    });
    await outside(proxy, "green-db");
    green = new Server(
      {
        side: "green",
        admin: { host: "127.0.0.1", port: await database.port(3306) },
        adminUser: "wikiferry",
        replication: { host: "green-db", port: 3306 },
        serverId: 2,
      },
      password,
      pool,
    );
    await until("green's MariaDB", () => green.value("SELECT 1"));
    await ensureApplicationAccount(green, {
      user: "wikiuser",
      password: appPassword,
      database: "wikidb",
      from: subnet.accountHost,
      connections: 3,
      definerHosts: ["%"],
    });
    const own = await green.sessionWithoutBinlog();
    await own.run("CREATE USER repl@'%' IDENTIFIED BY ? REQUIRE SSL", [password]);
  });

  afterAll(async () => {
    await green?.close();
    await pool.close();
    await world.close();
    for (const network of ["own", "wan"]) await world.docker.getNetwork(world.name(network)).remove();
  });

  test("blue connects through the proxy with its own address; a third container can't connect at all", async () => {
    const blueAddress = await people.blue.address();
    await until("the proxy", async () =>
      (await logIn("blue", "green-db", "repl", password, "--ssl")).includes("repl@"),
    );
    expect(await logIn("blue", "green-db", "repl", password, "--ssl")).toBe(`repl@${blueAddress}`);
    expect(await logIn("blue", "green-db", "repl", password, "--skip-ssl")).toMatch(/Access denied/);
    expect(await logIn("stranger", "green-db", "repl", password, "--ssl")).toMatch(
      /Lost connection|ERROR 2013/,
    );
    const { Networks } = (await database.container.inspect()).NetworkSettings;
    const direct = Networks[world.name("wan")]?.IPAddress ?? "";
    for (const who of ["blue", "stranger"] as const)
      expect(await logIn(who, direct, "repl", password, "--ssl")).toMatch(/Can't connect/);
  });

  test("preview reports whether blue can connect, and from which address it is refused", async () => {
    const ask = async (from: "blue" | "stranger", host = "green-db", proxy = world.name("proxy")) => {
      const onBlue = (command: string) =>
        execInContainer({ container: people[from].name }, ["sh", "-c", command], pool);
      return await wayToGreen({ onBlue, address: { host, port: 3306 }, proxy: { container: proxy } }, pool);
    };
    expect(await ask("blue")).toMatchObject([{ code: "REPL_NO_WAY_BACK", severity: "pass" }]);
    const address = await people.stranger.address();
    expect(await ask("stranger")).toMatchObject([
      { code: "REPL_NO_WAY_BACK", severity: "block", found: expect.stringContaining(address) },
    ]);
    const [nowhere] = await ask("blue", "nobody.invalid");
    expect(nowhere).toMatchObject({ severity: "block", remedy: expect.stringContaining("publishAddress") });
    expect(await ask("blue", "green-db", "no-such-container")).toEqual([]);
    await database.container.pause();
    const [silent] = await ask("blue").finally(() => database.container.unpause());
    expect(silent).toMatchObject({ severity: "block", code: "REPL_NO_WAY_BACK" });
  });

  test("the administrative account may connect from the host only, the wiki's from green's network only", async () => {
    expect(await green.value("SELECT CURRENT_USER()")).toMatch(/^wikiferry@\d/);
    expect(await logIn("wiki", "green-mariadb", "wikiferry", password)).toMatch(/Access denied/);
    expect(await logIn("blue", "green-db", "wikiferry", password, "--ssl")).toMatch(/Access denied/);
    expect(await logIn("wiki", "green-mariadb", "wikiuser", appPassword)).toBe(
      `wikiuser@${await people.wiki.address()}`,
    );
    expect(await logIn("blue", "green-db", "wikiuser", appPassword, "--ssl")).toMatch(/Access denied/);
    // Only the proxy may name a client's address: this client claims to be the host.
    const spoof = `exec 3<>/dev/tcp/green-mariadb/3306; printf 'PROXY TCP4 ${subnet.first} ${subnet.first} 1 2\\r\\n' >&3; timeout 3 cat <&3 | tail -c 60`;
    const { stdout } = await execInContainer({ container: people.wiki.name }, ["bash", "-c", spoof], pool);
    expect(stdout).toMatch(/not allowed to connect|Proxy header|proxy header|packets out of order/i);
  });

  test("a view of blue's account on another host works, and nobody can log in with that account", async () => {
    const own = await green.sessionWithoutBinlog();
    await own.run("CREATE DATABASE IF NOT EXISTS wikidb");
    await own.run("CREATE TABLE wikidb.page (id INT)");
    await own.run(
      "CREATE DEFINER = wikiuser@'%' SQL SECURITY DEFINER VIEW wikidb.pages AS SELECT id FROM wikidb.page",
    );
    expect(await green.rows("SELECT * FROM wikidb.pages")).toEqual([]);
    const account = { user: "wikiuser", password: appPassword, from: subnet.accountHost };
    expect(await applicationAccountHolds(green, account)).toBe(true);
    await own.run("ALTER USER wikiuser@'%' IDENTIFIED BY ?", [appPassword]);
    expect(await applicationAccountHolds(green, account)).toBe(false);
  });

  test("connections are limited for the wiki's account and for each address of blue's", async () => {
    const ask = `for n in 1 2 3 4 5 6; do (mariadb --no-defaults -h green-mariadb -u wikiuser -e 'SELECT SLEEP(3)' 2>&1 | tail -n 1) & done; wait`;
    const { stdout } = await execInContainer({ container: people.wiki.name }, ["bash", "-c", ask], pool, {
      env: { MYSQL_PWD: appPassword },
    });
    expect(stdout.match(/max_user_connections/g)?.length).toBe(3);
    const many = `for n in $(seq 12); do (exec 3<>/dev/tcp/green-db/3306 && timeout 3 head -c 5 <&3 | wc -c && sleep 4) & done; wait`;
    const greeted = await execInContainer({ container: people.blue.name }, ["bash", "-c", many], pool);
    expect(greeted.stdout.match(/^5$/gm)?.length).toBe(4);
  });

  test("the account and its events move along when the host's address in the network changes", async () => {
    const own = await green.sessionWithoutBinlog();
    await own.run("CREATE EVENT wikidb.tick ON SCHEDULE EVERY 1 DAY DO DO 0");
    await own.run("UPDATE mysql.event SET definer = 'wikiferry@10.1.2.3' WHERE name = 'tick'");
    await own.run("UPDATE mysql.global_priv SET Host = '10.1.2.3' WHERE User = 'wikiferry'");
    await green.close();
    await database.container.restart();
    const port = await database.port(3306);
    const again = new Server({ ...green.place, admin: { host: "127.0.0.1", port } }, password, pool);
    await until("green's MariaDB", () => again.value("SELECT 1"));
    const me = await again.value("SELECT CURRENT_USER()");
    expect(await again.value("SELECT definer FROM information_schema.events WHERE event_name = 'tick'")).toBe(
      me,
    );
    expect(await again.rows("SELECT Host FROM mysql.global_priv WHERE User = 'wikiferry'")).toHaveLength(1);
    await again.close();
  });
});
