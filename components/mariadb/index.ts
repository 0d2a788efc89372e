import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hardened, limitProcesses, settingsLabel } from "../container";
import type { GreenEnvironment } from "../environment/green";
import { type Bases, serviceImage } from "../image";
import { mariadbLimits } from "../limits";
import { secretVolume } from "../secretFiles";

/** Settings of MariaDB that tuning guides call for. */
export interface MariadbSettings {
  /** `innodb_buffer_pool_size`, such as `4G`. */
  bufferPoolSize: string;
  /** `innodb_log_file_size`, such as `1G`. */
  redoLogSize: string;
  /** `max_connections`. */
  maxConnections: number;
  /** `long_query_time` of the slow log, in seconds. */
  longQuerySeconds: number;
  /** How long the binary log is kept, in seconds. */
  binlogRetentionSeconds: number;
}

export interface MariadbArgs {
  environment: GreenEnvironment;
  bases: Bases;
  settings: MariadbSettings;
  /** Short hash of everything that defines its container. */
  fingerprint: string;
  /** `server_id`, 1 to 4294967295, other than blue's. */
  serverId: number;
  /** Password of the administrative account `wikiferry`. */
  adminPassword: pulumi.Input<string>;
  /** PEM texts of the server's certificate; replication uses TLS. Its key is derived. */
  tls: { ca: pulumi.Input<string>; cert: pulumi.Input<string> };
  /** Port on the host's loopback, for the operator. */
  publishPort: number;
}

/** User and group number of the image. */
const owner = 999;

/** Green's MariaDB. It stays closed (`read_only`) until the role record names it. */
export class Mariadb extends pulumi.ComponentResource {
  /** Host name on green's network. */
  readonly host: pulumi.Output<string>;
  /** Name of its container, known once it runs. */
  readonly container: pulumi.Output<string>;

  constructor(name: string, args: MariadbArgs, opts?: pulumi.ComponentResourceOptions) {
    super("wikiferry:mariadb:Mariadb", name, {}, opts);
    const here = { parent: this, provider: args.environment.provider };
    const image = serviceImage("mariadb", args.bases, { ...here, name: `${name}-image` });
    const volume = new docker.Volume(
      `${name}-data`,
      { name: "wikiferry-green-mariadb", labels: [{ label: "wikiferry.side", value: "green" }] },
      // The wiki itself, once green is active: it must survive every mistake with the stack.
      { ...here, protect: true, retainOnDelete: true },
    );
    const limits = mariadbLimits(args.settings);
    const secrets = secretVolume(
      name,
      "mariadb",
      {
        environment: args.environment,
        image: image.imageId,
        owner,
        files: pulumi.all([args.tls.ca, args.tls.cert]).apply(([ca, cert]) => ({
          "admin-password": { derived: "mariadb-admin" as const },
          "ca.pem": { text: ca },
          "cert.pem": { text: cert },
          "key.pem": { tlsKey: "green" as const },
        })),
      },
      this,
    );
    const { subnet, hostAddress, proxyAddress } = args.environment;
    const container = new docker.Container(
      `${name}-server`,
      {
        ...hardened("mariadb", limits, [secrets.label, settingsLabel(args.fingerprint)]),
        name: "green-mariadb",
        image: image.imageId,
        envs: [
          "ROLE_NAME=green",
          `SERVER_ID=${args.serverId}`,
          `INNODB_BUFFER_POOL_SIZE=${args.settings.bufferPoolSize}`,
          `INNODB_LOG_FILE_SIZE=${args.settings.redoLogSize}`,
          `MAX_CONNECTIONS=${args.settings.maxConnections}`,
          `LONG_QUERY_TIME=${args.settings.longQuerySeconds}`,
          `BINLOG_EXPIRE_LOGS_SECONDS=${args.settings.binlogRetentionSeconds}`,
          `LISTEN_NETWORK=${subnet}`,
          `ADMIN_HOST=${hostAddress}`,
          `PROXY_ADDRESS=${proxyAddress}`,
        ],
        networksAdvanced: args.environment.networksFor({ reachesBlue: true }),
        ports: [{ internal: 3306, external: args.publishPort, ip: "127.0.0.1" }],
        volumes: [{ volumeName: volume.name, containerPath: "/var/lib/mysql" }, secrets.mount],
        healthcheck: {
          tests: ["CMD-SHELL", "mariadb-admin --no-defaults --socket=/run/mysqld/mysqld.sock ping"],
          interval: "2s",
          timeout: "5s",
          retries: 30,
          startPeriod: "60s",
        },
        wait: true,
        waitTimeout: 120,
        stopTimeout: 120,
      },
      { ...here, deleteBeforeReplace: true },
    );
    limitProcesses(`${name}-server`, container, args.environment, limits, this);
    this.container = container.name;
    this.host = container.name;
    this.registerOutputs({ host: this.host });
  }
}
