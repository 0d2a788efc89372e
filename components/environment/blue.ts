import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { sessionPagesQuestion } from "../../engine/apps/mediawiki/settings";
import type { MoveSpec, SshTarget } from "../../engine/move";

export interface BlueEnvironmentArgs {
  /** The move whose blue side is adopted. */
  spec: MoveSpec;
  /** The operator's private SSH key. */
  sshPrivateKey: pulumi.Input<string>;
}

/**
 * The old environment: three hosts that existed before and stay. Nothing here creates, changes or deletes anything on
 * them; each host only reports once what it is.
 */
export class BlueEnvironment extends pulumi.ComponentResource {
  /** What each host reported: its system, its kernel, and the versions of what the move touches. */
  readonly facts: pulumi.Output<{ web: string; database: string; files: string }>;

  constructor(
    private readonly childName: string,
    private readonly args: BlueEnvironmentArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("wikiferry:environment:Blue", childName, {}, opts);
    const { blue } = args.spec;
    const factsOf = (host: string, ssh: SshTarget, programs: string) =>
      this.said(host, ssh, `. /etc/os-release; echo "$PRETTY_NAME, Linux $(uname -r)"; ${programs}`);
    this.facts = pulumi
      .all([
        factsOf("web", blue.web.ssh, "php -r 'echo \"PHP \", PHP_VERSION, PHP_EOL;'"),
        factsOf("database", blue.database.ssh, "mariadbd --version 2>/dev/null || mysqld --version"),
        factsOf("files", blue.files.ssh, "rsync --version | head -n 1"),
      ])
      .apply(([web, database, files]) => ({
        web: web.trim(),
        database: database.trim(),
        files: files.trim(),
      }));
    this.registerOutputs({ facts: this.facts });
  }

  /** The names of the pages that start and end sessions, separated by commas; kept for when blue is gone. */
  sessionPages(): pulumi.Output<string> {
    const { ssh, mediawikiDirectory } = this.args.spec.blue.web;
    const { command: line, stdin, read } = sessionPagesQuestion(mediawikiDirectory);
    return this.said("session-pages", ssh, line, stdin).apply((text) => read(text).join(","));
  }

  private said(what: string, ssh: SshTarget, create: string, stdin?: string): pulumi.Output<string> {
    return new command.remote.Command(
      `${this.childName}-${what}`,
      {
        connection: {
          host: ssh.host,
          port: ssh.port,
          user: ssh.user,
          hostKey: ssh.hostKey,
          privateKey: this.args.sshPrivateKey,
          dialErrorLimit: 2,
        },
        create,
        ...(stdin === undefined ? {} : { stdin }),
      },
      { parent: this, additionalSecretOutputs: ["connection"] },
    ).stdout;
  }
}
