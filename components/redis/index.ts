import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hardened, limitProcesses, settingsLabel } from "../container";
import type { GreenEnvironment } from "../environment/green";
import { type Bases, serviceImage } from "../image";
import { redisLimits } from "../limits";
import { secretVolume } from "../secretFiles";

export interface RedisArgs {
  environment: GreenEnvironment;
  bases: Bases;
  /** Short hash of everything that defines each container. */
  fingerprints: { cache: string; sessions: string };
  /** `maxmemory` of each instance, such as `512mb`. */
  maxMemory: string;
}

/** User and group number of the image. */
const owner = 999;

/** Two instances: one for caches, which may be evicted, and one for sessions, which may not. */
export class Redis extends pulumi.ComponentResource {
  /** Host of the caches, port 6379. */
  readonly cache: pulumi.Output<string>;
  /** Host of the sessions, port 6379. */
  readonly sessions: pulumi.Output<string>;

  constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super("wikiferry:redis:Redis", name, {}, opts);
    const here = { parent: this, provider: args.environment.provider };
    const image = serviceImage("redis", args.bases, { ...here, name: `${name}-image` });
    const limits = redisLimits(args.maxMemory);
    const secrets = secretVolume(
      name,
      "redis",
      {
        environment: args.environment,
        image: image.imageId,
        owner,
        files: { "redis-password": { derived: "redis" } },
      },
      this,
    );
    const instance = (purpose: "cache" | "sessions", policy: "allkeys-lru" | "noeviction") => {
      const volume = new docker.Volume(
        `${name}-${purpose}-data`,
        { name: `wikiferry-green-redis-${purpose}`, labels: [{ label: "wikiferry.side", value: "green" }] },
        here,
      );
      const container = new docker.Container(
        `${name}-${purpose}`,
        {
          ...hardened("redis", limits, [secrets.label, settingsLabel(args.fingerprints[purpose])]),
          name: `green-redis-${purpose}`,
          image: image.imageId,
          envs: [`REDIS_MAXMEMORY=${args.maxMemory}`, `REDIS_POLICY=${policy}`],
          networksAdvanced: args.environment.networksFor({ reachesBlue: false }),
          volumes: [{ volumeName: volume.name, containerPath: "/data" }, secrets.mount],
        },
        { ...here, deleteBeforeReplace: true },
      );
      limitProcesses(`${name}-${purpose}`, container, args.environment, limits, this);
      return container.name;
    };
    this.cache = instance("cache", "allkeys-lru");
    this.sessions = instance("sessions", "noeviction");
    this.registerOutputs({ cache: this.cache, sessions: this.sessions });
  }
}
