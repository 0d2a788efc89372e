/**
 * The description of one move, without secrets. It is plain JSON, so it can be an input of a resource, a file of a test
 * or the argument of a script. Stacks build it from the config; the engine acts on it.
 */

export type Side = "blue" | "green";

export function otherSide(side: Side): Side {
  return side === "blue" ? "green" : "blue";
}

/** A host reached by SSH. The private key is a secret and comes from `Secrets`. */
export interface SshTarget {
  host: string;
  /** Defaults to 22. */
  port: number;
  user: string;
  /** The host's public key, `ssh-ed25519 AAAA…`. A host that shows another one is refused (`SSH_HOST_KEY`). */
  hostKey: string;
}

/** A TCP address. With `via`, as seen from that host, reached through an SSH tunnel. */
export interface Address {
  host: string;
  port: number;
  via?: SshTarget;
}

/** One side's database as the tool reaches it. */
export interface DatabaseAccess {
  side: Side;
  /** How the tool reaches it. */
  admin: Address;
  /** The account that the tool uses, with all privileges. */
  adminUser: string;
}

/** One side's database as the other side's server reaches it too. */
export interface SourceDatabase extends DatabaseAccess {
  /** How the other side's server reaches it, for replication over TLS. */
  replication: { host: string; port: number };
}

export interface DatabaseSide extends SourceDatabase {
  /** `server_id`, different on both sides, 1 to 4294967295. */
  serverId: number;
}

/** A container and the Docker engine that runs it. */
export interface ContainerRef {
  /** Its name, or its label `wikiferry.name` if it is `labelled`. */
  container: string;
  /** Whether a second container with a different name may stand beside it, to replace it. */
  labelled?: true;
  /** The SSH host whose Docker engine runs it. Defaults to the local engine. */
  dockerVia?: SshTarget;
}

/** Shell commands that run on the owner's host. */
export interface ServiceCommands {
  stop: string;
  start: string;
}

export interface MoveSpec {
  wiki: {
    /** Short name, used in container names and messages. */
    name: string;
    database: string;
    /** Table prefix, usually empty. */
    tablePrefix: string;
    /** The database account of MediaWiki, the same name on both sides. */
    appUser: string;
    /** `$wgServer`, such as `https://wiki.example.org`. */
    serverUrl: string;
    /** Path of `api.php` under `serverUrl`, such as `/api.php`. */
    apiPath: string;
    /** `$wgUploadPath`, such as `/images`. */
    uploadPath: string;
    /** `$wgHashedUploadDirectory`. */
    hashedUploads: boolean;
  };
  blue: {
    database: DatabaseSide & {
      ssh: SshTarget;
      /** Restarts MariaDB, such as `service mariadb restart`. */
      restart: string;
      /** Where a drop-in with settings goes, such as `/etc/mysql/mariadb.conf.d`. */
      configDirectory: string;
    };
    web: {
      ssh: SshTarget;
      /** HTTP address as seen from the gate. */
      address: { host: string; port: number };
      /** With it, the gate and the tool use TLS to blue. */
      tls:
        | {
            /** DNS name that the certificate must be valid for. */
            name: string;
            /** PEM of the authority, or of a self-signed certificate. Defaults to the public authorities. */
            ca?: string;
          }
        | undefined;
      /** Directory of MediaWiki's code with `maintenance/`. */
      mediawikiDirectory: string;
      /** Job runners and cron, stopped before the fence. */
      jobs: ServiceCommands;
      /** Empties what the web tier caches in its own memory, such as `service apache2 reload`. */
      refreshCaches: string;
    };
    files: {
      ssh: SshTarget;
      /** The upload directory on that host. */
      directory: string;
      /** The address as seen from green's file-sync. */
      address: { host: string; port: number };
      /** Addresses from which file-sync's key is accepted, for sshd's `from=`. Empty or unset means any. */
      allowFrom?: string;
    };
  };
  green: {
    database: DatabaseSide & ContainerRef;
    /** Stands in front of it: blue's path to green's database. */
    databaseProxy: ContainerRef;
    mediawiki: ContainerRef & { port: number };
    jobs: ContainerRef;
    redis: { cache: ContainerRef; sessions: ContainerRef };
    /** Copies uploads between the sides by rsync. The upload volume is mounted at `directory`. */
    fileSync: ContainerRef & { directory: string };
  };
  gate: ContainerRef & {
    /** HAProxy's runtime API. */
    admin: Address;
    /** Where clients reach the gate, as seen from the tool. */
    http: Address;
  };
  files: FilesSettings;
  copy: CopySettings;
  verify: VerifyWishes;
  compare: CompareSettings;
  cutover: CutoverLimits;
}

/** How the uploads are copied. */
export interface FilesSettings {
  /** Maximum number of files that one pass may delete; for fewer than ten times as many files, a tenth. */
  maxDelete: number;
  /** Name of a stopped pass whose deletions are allowed. Empty allows none. */
  allowDelete: string;
  /** Recorded files that may be broken on the serving side, beyond the few that always may. */
  allowLost: number;
  /** How long replaced and deleted files are kept, in days. */
  keepDays: number;
}

/** How the two databases are compared. */
export interface VerifyWishes {
  /** Sessions on each side, 1 to 16. */
  sessions: number;
  /** Whether rows that differ are copied again from the primary. */
  repair: boolean;
  /** How long writes may wait for the comparison of the most recent changes before a flip, in milliseconds. */
  pauseMs: number;
}

/** How blue's database is copied to green. */
export interface CopySettings {
  /** `auto` picks the physical method where it is possible and worthwhile. */
  method: "auto" | "logical" | "physical";
  /** Maximum bytes per second that are read from blue; 0 means no limit. */
  maxBytesPerSecond: number;
}

/** How what both sides answer is compared. */
export interface CompareSettings {
  /** Addresses that both sides are asked for, at most. */
  addresses: number;
  /** Shapes of address and settings that may differ before a flip. */
  maxDifferent: number;
  /** Shapes and settings whose difference is accepted, with the reason. */
  ignore: Record<string, string>;
  /** Name of an account that may read a private wiki; empty for one that is made for the time. */
  account: string;
}

/** Limits of a flip. */
export interface CutoverLimits {
  /** Largest lag at which a flip may begin, in milliseconds. */
  maxLagMs: number;
  /** How long the lag must have stayed below `maxLagMs` without a break, in milliseconds. */
  lagStableMs: number;
  /** How long to wait for that before the flip is refused, in milliseconds. */
  lagWaitMs: number;
  /** How long requests in flight may take to finish once writes are held, in milliseconds. */
  drainMs: number;
  /** How long green may take to apply the last transactions after the fence, in milliseconds. */
  catchUpMs: number;
  /**
   * Bound of the whole attempt from the hold on, and its lease. After that it is undone. In milliseconds, at most
   * 8,000.
   */
  attemptMs: number;
  /** Longest statement or transaction on the primary that a flip tolerates, in milliseconds. */
  longTransactionMs: number;
  /** A verification older than this is stale, in milliseconds. */
  verificationMaxAgeMs: number;
}

/** Secrets that the engine needs. Never an input of a resource, never logged. */
export interface Secrets {
  /** Private key of the operator, PEM. */
  sshPrivateKey: string;
  /** Password of `blue.database.adminUser`. */
  blueAdminPassword: string;
  /** Password of MediaWiki's database account, the same on both sides. */
  appPassword: string;
  /** `$wgSecretKey`. */
  wikiSecretKey: string;
  /** Password of `compare.account`, if there is one. */
  comparePassword?: string;
  /** At least 32 random characters. Green's passwords are derived from it (`engine/secrets.ts`). */
  masterSecret: string;
}
