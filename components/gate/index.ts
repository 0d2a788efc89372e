import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { MoveSpec } from "../../engine/move";
import { gateProgram, hashOfGate } from "../../engine/traffic/gate/settings";
import { hardened, limitProcesses, settingsLabel } from "../container";
import type { GreenEnvironment } from "../environment/green";
import { type Bases, serviceImage } from "../image";
import { gateLimits } from "../limits";
import { GateSettings } from "../migration/resources";

/** Its container, and its name on green's network. Green trusts X-Forwarded-For from this address only. */
export const gateName = "green-gate";

export interface GateArgs {
  environment: GreenEnvironment;
  bases: Bases;
  /** `host:port` of blue's web tier as seen from the gate. */
  blue: string;
  /** With it the gate speaks TLS to blue. `ca` is PEM text and defaults to the public authorities. */
  blueTls?: { name: string; ca?: string };
  /** `host:port` of green's. */
  green: pulumi.Input<string>;
  /** Address of the host on which the gate accepts HTTP. Defaults to 127.0.0.1. */
  publishAddress: string;
  httpPort: number;
  /** Port of HAProxy's runtime API on the host's loopback. */
  adminPort: number;
  /** How long a held write waits before it is answered 503, in milliseconds. */
  holdMs: number;
  /** The move that it serves. */
  spec: MoveSpec;
  /** Whether to use a newer image, which replaces the container: nobody reaches the wiki meanwhile. */
  renew: boolean;
  /** Short hash of everything that defines its container. */
  fingerprint: string;
  /** `$wgServer`. The gate passes its scheme to the wiki as the scheme that clients used. */
  serverUrl: string;
  /** `$wgUploadPath`. */
  uploadPath: string;
  /** Maximum open connections of one client address. */
  maxConnectionsPerAddress: number;
  /** Networks of proxies in front of the gate, which may open any number of connections. */
  trustedProxies: readonly string[];
  /** Pages that start or end sessions, separated by commas. Empty means MediaWiki's English names. */
  sessionPages: pulumi.Input<string>;
  /** Cookies that indicate a session, besides MediaWiki's usual ones, separated by commas. */
  sessionCookies: string;
}

/** The image's default, which its entrypoint overrides with MAXCONN. */
const maxConnections = 2000;

/** Everything that requires a new container, apart from its networks and ports. */
const keptUntilRenewed = [
  "image",
  "envs",
  "tmpfs",
  "labels",
  "volumes",
  "readOnly",
  "securityOpts",
  "capabilities",
  "logDriver",
  "logOpts",
];

/**
 * HAProxy in front of both web tiers. Its decisions are set at run time and survive a reload. Its container is created
 * once: settings and program are updated while it serves.
 */
export class Gate extends pulumi.ComponentResource {
  /** Where clients reach it, `http://host:port`. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: GateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("wikiferry:gate:Gate", name, {}, opts);
    const here = { parent: this, provider: args.environment.provider };
    const image = serviceImage("gate", args.bases, { ...here, name: `${name}-image` });
    const state = new docker.Volume(
      `${name}-state`,
      { name: "wikiferry-green-gate", labels: [{ label: "wikiferry.side", value: "green" }] },
      here,
    );
    const limits = gateLimits(maxConnections);
    const container = new docker.Container(
      `${name}-haproxy`,
      {
        ...hardened("gate", limits, [settingsLabel(args.fingerprint)]),
        name: gateName,
        image: image.imageId,
        networksAdvanced: args.environment.networksFor({ reachesBlue: true }),
        ports: [
          { internal: 8080, external: args.httpPort, ip: args.publishAddress },
          { internal: 9999, external: args.adminPort, ip: "127.0.0.1" },
        ],
        volumes: [{ volumeName: state.name, containerPath: "/state" }],
      },
      // Nobody reaches the wiki while it is replaced, so only what can't be changed otherwise replaces it.
      { ...here, deleteBeforeReplace: true, ignoreChanges: args.renew ? [] : keptUntilRenewed },
    );
    limitProcesses(`${name}-haproxy`, container, args.environment, limits, this);
    const settings = new GateSettings(
      `${name}-settings`,
      {
        spec: args.spec,
        settings: {
          BLUE_ADDRESS: args.blue,
          GREEN_ADDRESS: args.green,
          FORWARDED_PROTO: new URL(args.serverUrl).protocol.replace(":", ""),
          UPLOAD_PATH: args.uploadPath,
          HOLD_MAX_MS: String(args.holdMs),
          MAX_CONNECTIONS_PER_ADDRESS: String(args.maxConnectionsPerAddress),
          TRUSTED_ADDRESSES: args.trustedProxies.join(" "),
          SESSION_PAGES: args.sessionPages,
          SESSION_COOKIES: args.sessionCookies,
          ...blueTlsOf(args.blueTls),
        },
        program: hashOfGate(gateProgram(), {}),
      },
      { parent: this, dependsOn: [container] },
    );
    this.url = settings.id.apply(() => `http://${args.publishAddress}:${args.httpPort}`);
    this.registerOutputs({ url: this.url });
  }
}

function blueTlsOf(tls: GateArgs["blueTls"]): Record<string, string> {
  if (!tls) return {};
  return { BLUE_TLS: "1", BLUE_TLS_NAME: tls.name, ...(tls.ca ? { BLUE_TLS_CA: tls.ca } : {}) };
}
