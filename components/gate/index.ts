import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hardened, limitProcesses } from "../container";
import type { GreenEnvironment } from "../environment/green";
import { type Bases, serviceImage } from "../image";
import { gateLimits } from "../limits";

/** Its container, and its name on green's network: its address is the only one whose X-Forwarded-For green believes. */
export const gateName = "green-gate";

export interface GateArgs {
  environment: GreenEnvironment;
  bases: Bases;
  /** `host:port` of blue's web tier as seen from the gate. */
  blue: string;
  /** With it the gate speaks TLS to blue; `ca` is PEM text, without it the public authorities count. */
  blueTls?: { name: string; ca?: string };
  /** `host:port` of green's. */
  green: pulumi.Input<string>;
  /** Address of the host at which the gate takes HTTP. Defaults to 127.0.0.1. */
  publishAddress: string;
  httpPort: number;
  /** Port of HAProxy's runtime API on the host's loopback. */
  adminPort: number;
  /** How long a held write waits before it is answered 503, in milliseconds. */
  holdMs: number;
  /** Password of the runtime API. */
  adminPassword: pulumi.Input<string>;
  /** `$wgServer`; its scheme is what the wiki is told that clients used. */
  serverUrl: string;
  /** `$wgUploadPath`. */
  uploadPath: string;
  /** Most open connections of one client address. */
  maxConnectionsPerAddress: number;
  /** Networks of proxies before the gate, which may open any number. */
  trustedProxies: readonly string[];
  /** Pages that make or end sessions, separated by commas. Empty takes MediaWiki's English names. */
  sessionPages: pulumi.Input<string>;
  /** Cookies that mean a session beside MediaWiki's usual ones, separated by commas. */
  sessionCookies: string;
}

/** Of the image, whose entrypoint takes another by MAXCONN. */
const maxConnections = 2000;

/** HAProxy in front of both web tiers; what it decides is set at run time and outlives its reload. */
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
        ...hardened("gate", limits),
        name: gateName,
        image: image.imageId,
        envs: pulumi.secret([
          `BLUE_ADDRESS=${args.blue}`,
          pulumi.interpolate`GREEN_ADDRESS=${args.green}`,
          pulumi.interpolate`ADMIN_PASSWORD=${args.adminPassword}`,
          `FORWARDED_PROTO=${new URL(args.serverUrl).protocol.replace(":", "")}`,
          `UPLOAD_PATH=${args.uploadPath}`,
          `HOLD_MAX_MS=${args.holdMs}`,
          `MAX_CONNECTIONS_PER_ADDRESS=${args.maxConnectionsPerAddress}`,
          `TRUSTED_ADDRESSES=${args.trustedProxies.join(" ")}`,
          pulumi.interpolate`SESSION_PAGES=${args.sessionPages}`,
          `SESSION_COOKIES=${args.sessionCookies}`,
          ...blueTlsOf(args.blueTls),
        ]),
        networksAdvanced: args.environment.networksFor({ reachesBlue: true }),
        ports: [
          { internal: 8080, external: args.httpPort, ip: args.publishAddress },
          { internal: 9999, external: args.adminPort, ip: "127.0.0.1" },
        ],
        volumes: [{ volumeName: state.name, containerPath: "/state" }],
      },
      { ...here, deleteBeforeReplace: true, additionalSecretOutputs: ["envs"] },
    );
    limitProcesses(`${name}-haproxy`, container, args.environment, limits, this);
    this.url = container.id.apply(() => `http://${args.publishAddress}:${args.httpPort}`);
    this.registerOutputs({ url: this.url });
  }
}

function blueTlsOf(tls: GateArgs["blueTls"]): string[] {
  if (!tls) return [];
  return ["BLUE_TLS=1", `BLUE_TLS_NAME=${tls.name}`, ...(tls.ca ? [`BLUE_TLS_CA=${tls.ca}`] : [])];
}
