import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";

export interface CloudflareEdgeArgs {
  /** Zone of the wiki's name. */
  zoneId: string;
  /** The wiki's name, such as `wiki.example.org`. */
  record: string;
  /** Public IPv4 address of the gate. */
  target: string;
  /** Whether Cloudflare proxies the record. Defaults to true. */
  proxied: boolean;
  apiToken: pulumi.Input<string>;
}

/** Points the wiki's name at the gate, long before the cutover. It takes no part in the cutover itself. */
export class CloudflareEdge extends pulumi.ComponentResource {
  readonly hostname: pulumi.Output<string>;

  constructor(name: string, args: CloudflareEdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("wikiferry:edge:Cloudflare", name, {}, opts);
    const provider = new cloudflare.Provider(`${name}-api`, { apiToken: args.apiToken }, { parent: this });
    const record = new cloudflare.DnsRecord(
      `${name}-record`,
      {
        zoneId: args.zoneId,
        name: args.record,
        type: "A",
        content: args.target,
        proxied: args.proxied,
        // 1 is "automatic", the only value that a proxied record may have.
        ttl: args.proxied ? 1 : 60,
      },
      { parent: this, provider, retainOnDelete: true },
    );
    this.hostname = record.name;
    this.registerOutputs({ hostname: this.hostname });
  }
}
