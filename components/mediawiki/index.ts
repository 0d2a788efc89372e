import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hardened, labelsOf, limitProcesses, settingsLabel } from "../container";
import type { GreenEnvironment } from "../environment/green";
import { gateName } from "../gate";
import { type Bases, serviceImage } from "../image";
import { jobLimits, type Limits, webLimits } from "../limits";
import { secretVolume } from "../secretFiles";

/** What must be the same on both sides, or people are logged out and files are not found. */
export interface WikiIdentity {
  /** `$wgSitename`. */
  sitename: string;
  /** `$wgServer`. */
  serverUrl: string;
  /** `$wgLanguageCode`. */
  language: string;
  /** `$wgAuthenticationTokenVersion`. Empty means MediaWiki's default. */
  authenticationTokenVersion: string;
  /** `$wgCookiePrefix`. Empty means MediaWiki's default, the database's name. */
  cookiePrefix: string;
  /** `$wgSessionName`. Empty means MediaWiki's default. */
  sessionName: string;
  /** `$wgHashedUploadDirectory`. */
  hashedUploads: boolean;
  /** `$wgUploadPath`. */
  uploadPath: string;
  /** PHP file of the project with the wiki's other settings. Empty means none. */
  settingsFile: string;
}

export interface MediaWikiArgs {
  environment: GreenEnvironment;
  bases: Bases;
  wiki: WikiIdentity;
  database: {
    host: pulumi.Input<string>;
    name: string;
    user: string;
    tablePrefix: string;
  };
  redis: { cache: pulumi.Input<string>; sessions: pulumi.Input<string> };
  /** How long a new container may take to become healthy, in seconds. After that the old one stays. */
  startSeconds: number;
  /** Short hash of everything that defines its container. */
  fingerprint: string;
  /** Volume with the uploads. */
  uploads: pulumi.Input<string>;
  /** Number of requests that are served at a time. */
  workers: number;
}

/** User and group number of the image. */
const owner = 33;

/**
 * The job runner's CPU weight; the others have Docker's default of 1024. Jobs that waited during a flip are processed
 * right after it, and readers have priority.
 */
const jobShares = 256;

/** Green's web tier, and the job runner as a service of its own. */
export class MediaWiki extends pulumi.ComponentResource {
  /** `host:port` on green's network. */
  readonly address: pulumi.Output<string>;

  constructor(name: string, args: MediaWikiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("wikiferry:mediawiki:MediaWiki", name, {}, opts);
    const here = { parent: this, provider: args.environment.provider };
    const image = serviceImage("mediawiki", args.bases, { ...here, name: `${name}-image` });
    const { wiki, database, redis } = args;
    const secrets = secretVolume(
      name,
      "mediawiki",
      {
        environment: args.environment,
        image: image.imageId,
        owner,
        kept: true,
        files: {
          "database-password": { secret: "appPassword" },
          "secret-key": { secret: "wikiSecretKey" },
          "redis-password": { derived: "redis" },
          // The wiki's own settings may name mail servers and their passwords.
          "settings.php": wiki.settingsFile ? { phpFile: wiki.settingsFile } : { text: "" },
        },
      },
      this,
    );
    const envs = pulumi
      .all([database.host, redis.cache, redis.sessions])
      .apply(([dbHost, cache, sessions]) => [
        `WIKI_SITENAME=${wiki.sitename}`,
        `WIKI_SERVER=${wiki.serverUrl}`,
        `WIKI_LANGUAGE=${wiki.language}`,
        `WIKI_AUTH_TOKEN_VERSION=${wiki.authenticationTokenVersion}`,
        `WIKI_COOKIE_PREFIX=${wiki.cookiePrefix}`,
        `WIKI_SESSION_NAME=${wiki.sessionName}`,
        `WIKI_HASHED_UPLOADS=${wiki.hashedUploads}`,
        `WIKI_UPLOAD_PATH=${wiki.uploadPath}`,
        `WIKI_DB_HOST=${dbHost}`,
        `WIKI_DB_NAME=${database.name}`,
        `WIKI_DB_USER=${database.user}`,
        `WIKI_DB_PREFIX=${database.tablePrefix}`,
        `WIKI_REDIS_CACHE=${cache}`,
        `WIKI_REDIS_SESSIONS=${sessions}`,
        `WIKI_GATE=${gateName}`,
        `APACHE_WORKERS=${args.workers}`,
      ]);
    const container = (
      service: string,
      limits: Limits,
      rest: Partial<docker.ContainerArgs>,
      opts: pulumi.CustomResourceOptions,
    ) => {
      const made = new docker.Container(
        `${name}-${service}`,
        {
          ...hardened(service, limits, [secrets.label]),
          image: image.imageId,
          envs,
          networksAdvanced: args.environment.networksFor({ reachesBlue: false }),
          volumes: [{ volumeName: args.uploads, containerPath: "/srv/uploads" }, secrets.mount],
          ...rest,
        },
        { ...here, ...opts },
      );
      limitProcesses(`${name}-${service}`, made, args.environment, limits, this);
      return made;
    };
    // Without a fixed name, so that a second container can stand beside it: the new one is healthy before the gate is
    // pointed at it, and the old one ends after that. The engine finds it by the label.
    const web = container(
      "web",
      webLimits(args.workers),
      {
        labels: labelsOf("web", [
          secrets.label,
          settingsLabel(args.fingerprint),
          { label: "wikiferry.name", value: "green-mediawiki" },
        ]),
        healthcheck: {
          tests: [
            "CMD-SHELL",
            // A private wiki answers, too.
            `php -r 'exit(preg_match("/\\"generator\\"|readapidenied/", (string)@file_get_contents("http://127.0.0.1:8080/api.php?action=query&meta=siteinfo&format=json")) ? 0 : 1);'`,
          ],
          interval: "5s",
          timeout: "10s",
          retries: 12,
          startPeriod: "30s",
        },
        wait: true,
        waitTimeout: args.startSeconds,
        // Apache finishes what is under way and tells the gate that it accepts no more.
        stopSignal: "SIGWINCH",
      },
      { deleteBeforeReplace: false, dependsOn: [secrets.volume] },
    );
    // One at a time: two would run jobs side by side, and a flip stops only one. Nobody waits for it.
    container(
      "jobs",
      jobLimits,
      { name: "green-jobs", command: ["jobs"], cpuShares: jobShares },
      { deleteBeforeReplace: true, dependsOn: [web, secrets.volume] },
    );
    this.address = pulumi.interpolate`${web.name}:8080`;
    this.registerOutputs({ address: this.address });
  }
}
