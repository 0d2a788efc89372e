import { version } from "@pulumi/cloudflare/package.json";
import type { ProviderDefinition } from "../sdk/resource";
import { type CloudflareConfig, configSchema, dnsRecord } from "./dnsRecord";

export const cloudflare: ProviderDefinition<CloudflareConfig> = {
  name: "cloudflare",
  version,
  config: configSchema,
  resources: { "cloudflare:index/dnsRecord:DnsRecord": dnsRecord },
};
