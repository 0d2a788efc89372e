import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hardened } from "../container";
import type { GreenEnvironment } from "../environment/green";
import { type Bases, serviceImage } from "../image";

export interface RedisArgs {
  environment: GreenEnvironment;
  bases: Bases;
  password: pulumi.Input<string>;
  /** `maxmemory` of each instance, such as `512mb`. */
  maxMemory: string;
}

/** Two instances: caches, which may be evicted, and sessions, which may not. */
export class Redis extends pulumi.ComponentResource {
  /** Host of the caches, port 6379. */
  readonly cache: pulumi.Output<string>;
  /** Host of the sessions, port 6379. */
  readonly sessions: pulumi.Output<string>;

  constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super("wikiferry:redis:Redis", name, {}, opts);
    const here = { parent: this, provider: args.environment.provider };
    const image = serviceImage("redis", args.bases, { ...here, name: `${name}-image` });
    const instance = (purpose: "cache" | "sessions", policy: "allkeys-lru" | "noeviction") => {
      const volume = new docker.Volume(
        `${name}-${purpose}-data`,
        { name: `wikiferry-green-redis-${purpose}`, labels: [{ label: "wikiferry.side", value: "green" }] },
        here,
      );
      return new docker.Container(
        `${name}-${purpose}`,
        {
          ...hardened("redis", ["/tmp", "/run/redis"]),
          name: `green-redis-${purpose}`,
          image: image.imageId,
          envs: pulumi.secret([
            pulumi.interpolate`REDIS_PASSWORD=${args.password}`,
            `REDIS_MAXMEMORY=${args.maxMemory}`,
            `REDIS_POLICY=${policy}`,
          ]),
          networksAdvanced: args.environment.networksFor({ reachesBlue: false }),
          volumes: [{ volumeName: volume.name, containerPath: "/data" }],
        },
        { ...here, deleteBeforeReplace: true, additionalSecretOutputs: ["envs"] },
      ).name;
    };
    this.cache = instance("cache", "allkeys-lru");
    this.sessions = instance("sessions", "noeviction");
    this.registerOutputs({ cache: this.cache, sessions: this.sessions });
  }
}
