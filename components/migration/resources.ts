import type * as pulumi from "@pulumi/pulumi";
import type { MoveSpec, Side } from "../../engine/move";
import { lifecycle, type ResourceName } from "../../engine/resources";
import type { SecretSources } from "../../engine/resources/secretSources";
import { HandledResource } from "../dynamic/resource";

interface MoveArgs {
  /** The whole description. The resource gets the part that its handler uses. */
  spec: MoveSpec;
}

/**
 * A dynamic resource that a module of `engine/resources` implements. Its inputs are that module's slice of the move's
 * description and the resource's own arguments, so that a change of anything else does not update it.
 */
abstract class MoveResource extends HandledResource {
  constructor(
    handler: ResourceName,
    type: string,
    name: string,
    { spec, ...props }: MoveArgs & Record<string, unknown>,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(handler, type, name, { ...props, spec: lifecycle.sliceFor(handler, spec) }, opts);
  }
}

/**
 * The certificate of green's database, from the move's own authority. Its key is derived from the master secret. Blue's
 * is installed by its adoption.
 */
export class Certificate extends MoveResource {
  declare readonly ca: pulumi.Output<string>;
  declare readonly cert: pulumi.Output<string>;

  constructor(name: string, args: MoveArgs, opts?: pulumi.CustomResourceOptions) {
    super("certificate", "Certificate", name, { ...args, ca: undefined, cert: undefined }, opts);
  }
}

/** A service's secrets are files in a volume that only the service mounts. */
export class SecretFiles extends MoveResource {
  /** Keyed fingerprint of the contents. If it changes, the service must read them again. */
  declare readonly fingerprint: pulumi.Output<string>;
  /** Name of the volume, known once the files exist. */
  declare readonly volume: pulumi.Output<string>;

  constructor(
    name: string,
    args: MoveArgs & {
      volume: pulumi.Input<string>;
      /** An image that the engine has. */
      image: pulumi.Input<string>;
      /** User and group number of the service. */
      owner: number;
      /** The sources of the contents; not themselves secret. */
      files: pulumi.Input<SecretSources>;
      fingerprint: pulumi.Input<string>;
    },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super("secretFiles", "SecretFiles", name, { ...args, names: undefined }, opts);
  }
}

/** Limits the number of a green container's processes. */
export class ProcessLimit extends MoveResource {
  constructor(
    name: string,
    args: MoveArgs & {
      /** Id of the container. */
      container: pulumi.Input<string>;
      pids: number;
    },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super("processLimit", "ProcessLimit", name, { ...args }, opts);
  }
}

/** MediaWiki's account on green's MariaDB, for green's network only. */
export class WikiAccount extends MoveResource {
  constructor(
    name: string,
    args: MoveArgs & {
      /** Where green's MediaWiki connects from, as an account's host. */
      from: pulumi.Input<string>;
      /** Its maximum number of connections. */
      connections: number;
    },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super("wikiAccount", "WikiAccount", name, { ...args }, opts);
  }
}

/** Blue's MariaDB can be replicated: binary log, TLS, replication account. */
export class Adoption extends MoveResource {
  /** What was changed on blue. */
  declare readonly changed: pulumi.Output<string[]>;
  /** How long blue's MariaDB accepted no connection, in milliseconds; 0 without a restart. */
  declare readonly downtimeMs: pulumi.Output<number>;

  constructor(
    name: string,
    args: MoveArgs & {
      /** Allows the one restart of blue's MariaDB. */
      allowRestart: boolean;
      /** `HH:MM` UTC of the restart. Empty means at once. */
      restartAt: string;
      /** Whether blue is archived. */
      retired: boolean;
    },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super("adoption", "Adoption", name, { ...args, changed: undefined, downtimeMs: undefined }, opts);
  }
}

/** Every row of blue's database is on green, as of one GTID. */
export class Copy extends MoveResource {
  /** GTID of the copy. */
  declare readonly gtid: pulumi.Output<string>;
  declare readonly copiedBytes: pulumi.Output<number>;
  declare readonly copyMs: pulumi.Output<number>;

  constructor(name: string, args: MoveArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "copy",
      "Copy",
      name,
      { ...args, gtid: undefined, copiedBytes: undefined, copyMs: undefined },
      {
        ...opts,
        protect: true,
        retainOnDelete: true,
      },
    );
  }
}

/** The passive side follows the active one, over TLS, healthy. */
export class Replication extends MoveResource {
  /** The side that follows; empty once none does. */
  declare readonly follower: pulumi.Output<string>;
  /** `full` before any flip, `relaxed` until one may come. */
  declare readonly durability: pulumi.Output<string>;

  constructor(
    name: string,
    args: MoveArgs & {
      following: boolean;
      /** Whether a flip may come. Until then the follower may have relaxed durability, to catch up faster. */
      flipping: boolean;
    },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super("replication", "Replication", name, { ...args, follower: undefined, durability: undefined }, opts);
  }
}

/** Each database opens or closes itself by the role record and the lease if a flip's tool dies. */
export class Watchdog extends MoveResource {
  constructor(
    name: string,
    args: MoveArgs & {
      armed: boolean;
      /** Whether it must have been tested successfully on both servers. */
      rehearsed: boolean;
    },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super("watchdog", "Watchdog", name, { ...args }, opts);
  }
}

/** The passive side has every upload of the active one, and MediaWiki's SHA-1 of each. */
export class Uploads extends MoveResource {
  declare readonly files: pulumi.Output<number>;

  constructor(name: string, args: MoveArgs & { following: boolean }, opts?: pulumi.CustomResourceOptions) {
    super("uploads", "Uploads", name, { ...args, files: undefined }, opts);
  }
}

/** Both databases hold the same rows, compared table by table at one GTID. */
export class Verification extends MoveResource {
  declare readonly gtid: pulumi.Output<string>;
  declare readonly tables: pulumi.Output<number>;
  declare readonly rows: pulumi.Output<string>;

  constructor(
    name: string,
    args: MoveArgs & {
      /** The wanted primary: a flip requires a fresh comparison before it. */
      before: Side;
    },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "verification",
      "Verification",
      name,
      { ...args, gtid: undefined, tables: undefined, rows: undefined },
      opts,
    );
  }
}

/** Program and settings of the gate are in force, applied without closing a connection. */
export class GateSettings extends MoveResource {
  constructor(
    name: string,
    args: MoveArgs & {
      /** By name, as at the top of the gate's `entrypoint.sh`; without the password. */
      settings: pulumi.Input<Record<string, pulumi.Input<string>>>;
      /** SHA-256 of the program. */
      program: string;
    },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "gateSettings",
      "GateSettings",
      name,
      { ...args, applied: undefined, inForce: undefined, kept: undefined },
      opts,
    );
  }
}

/** The share of page views that the passive side serves. */
export class GateRoute extends MoveResource {
  declare readonly primary: pulumi.Output<Side>;

  constructor(
    name: string,
    args: MoveArgs & {
      active: Side;
      canary: number;
      /** The owner accepts that blue sees the gate's address in place of each client's. */
      allowGateAddress?: boolean;
    },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super("gateRoute", "GateRoute", name, { ...args, primary: undefined }, opts);
  }
}

/** The side whose database takes writes. Changing `active` is the cutover or the switchback. */
export class Primary extends MoveResource {
  declare readonly primary: pulumi.Output<Side>;
  /** Number of flips so far. */
  declare readonly epoch: pulumi.Output<string>;
  /** Write pause of the last flip, in milliseconds; 0 before the first. */
  declare readonly writePauseMs: pulumi.Output<number>;

  constructor(name: string, args: MoveArgs & { active: Side }, opts?: pulumi.CustomResourceOptions) {
    super(
      "primary",
      "Primary",
      name,
      { ...args, primary: undefined, epoch: undefined, writePauseMs: undefined },
      opts,
    );
  }
}

/** Blue's last state, kept on green's side; blue stays closed. */
export class Archive extends MoveResource {
  declare readonly gtid: pulumi.Output<string>;

  constructor(name: string, args: MoveArgs, opts?: pulumi.CustomResourceOptions) {
    super("archive", "Archive", name, { ...args, gtid: undefined }, { ...opts, retainOnDelete: true });
  }
}
