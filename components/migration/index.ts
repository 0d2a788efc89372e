import * as pulumi from "@pulumi/pulumi";
import type { MoveSpec, Side } from "../../engine/move";
import {
  Adoption,
  Archive,
  Copy,
  GateRoute,
  Primary,
  Replication,
  Uploads,
  Verification,
  Watchdog,
} from "./resources";

type DependsOn = pulumi.Input<pulumi.Resource>[];

export interface MigrationArgs {
  spec: MoveSpec;
  /** Allows the one restart of blue's MariaDB. */
  allowRestart: boolean;
  /** `HH:MM` UTC of that restart. Empty means at once. */
  restartAt: string;
  /** Whether blue is archived. */
  retired: boolean;
  /** Green's database and file-sync. */
  green: DependsOn;
}

/**
 * What must hold between blue and green. Each phase adds resources. `active` decides who is primary, and changing it is
 * the cutover or the switchback.
 */
export class Migration extends pulumi.ComponentResource {
  private readonly adoption: Adoption;
  private copy: Copy | undefined;
  private replication: Replication | undefined;
  private watchdog: Watchdog | undefined;
  private verification: Verification | undefined;
  private uploads: Uploads | undefined;

  constructor(
    private readonly childName: string,
    private readonly args: MigrationArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("wikiferry:migration:Migration", childName, {}, opts);
    this.adoption = new Adoption(
      `${childName}-adoption`,
      { spec: args.spec, allowRestart: args.allowRestart, restartAt: args.restartAt, retired: args.retired },
      { parent: this },
    );
    this.registerOutputs({ blueDowntimeMs: this.adoption.downtimeMs, changedOnBlue: this.adoption.changed });
  }

  /**
   * Phase `sync`: copied, followed, compared.
   * @param wanted.flipping Whether the phase is one in which `active` may change.
   * @returns what green's MediaWiki has to wait for
   */
  sync(wanted: { following: boolean; active: Side; flipping: boolean }): pulumi.Resource[] {
    const { spec } = this.args;
    this.copy = new Copy(
      `${this.childName}-copy`,
      { spec },
      { parent: this, dependsOn: [this.adoption, ...this.args.green] },
    );
    this.uploads = new Uploads(
      `${this.childName}-uploads`,
      { spec, following: wanted.following },
      { parent: this, dependsOn: [this.adoption, ...this.args.green] },
    );
    this.replication = new Replication(
      `${this.childName}-replication`,
      { spec, following: wanted.following, flipping: wanted.flipping },
      { parent: this, dependsOn: [this.copy] },
    );
    this.watchdog = new Watchdog(
      `${this.childName}-watchdog`,
      { spec, armed: wanted.following, rehearsed: wanted.following && wanted.flipping },
      { parent: this, dependsOn: [this.replication] },
    );
    this.verification = new Verification(
      `${this.childName}-verification`,
      { spec, before: wanted.active },
      { parent: this, dependsOn: [this.replication] },
    );
    return [this.copy];
  }

  /** Phase `switch`: who is primary, and how page views are split. */
  switch(wanted: {
    active: Side;
    canary: number;
    /** The owner accepts that blue sees the gate's address in place of each client's. */
    allowGateAddress: boolean;
    entrance: DependsOn;
  }): pulumi.Resource {
    const { spec } = this.args;
    const before = [this.copy, this.replication, this.watchdog, this.verification, this.uploads].filter(
      (it) => it !== undefined,
    );
    const primary = new Primary(
      `${this.childName}-primary`,
      { spec, active: wanted.active },
      { parent: this, dependsOn: [...before, ...wanted.entrance] },
    );
    // After the primary, because a flip takes the page views off the passive side.
    return new GateRoute(
      `${this.childName}-route`,
      {
        spec,
        active: wanted.active,
        canary: wanted.canary,
        ...(wanted.allowGateAddress ? { allowGateAddress: true } : {}),
      },
      { parent: this, dependsOn: [primary] },
    );
  }

  /** Phase `retire`: nothing follows any more, and blue's last state is kept. */
  retire(after: pulumi.Resource): void {
    const dependsOn = [after, this.replication, this.uploads].filter((it) => it !== undefined);
    new Archive(`${this.childName}-archive`, { spec: this.args.spec }, { parent: this, dependsOn });
  }
}
