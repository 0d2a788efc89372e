import type { ProviderDefinition } from "../sdk/resource";
import { sdkVersion } from "../sdk/serve";
import { type CloudflareConfig, configSchema, dnsRecord } from "./dnsRecord";

export const cloudflare: ProviderDefinition<CloudflareConfig> = {
  name: "cloudflare",
  version: sdkVersion("cloudflare"),
  config: configSchema,
  resources: { "cloudflare:index/dnsRecord:DnsRecord": dnsRecord },
};
