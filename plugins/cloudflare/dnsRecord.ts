import Cloudflare from "cloudflare";
import { z } from "zod";
import type { ResourceType } from "../sdk/resource";

export const configSchema = z.strictObject({
  apiToken: z.string().optional(),
  baseUrl: z.string().optional(),
});

export type CloudflareConfig = z.infer<typeof configSchema>;

const inputs = z.strictObject({
  zoneId: z.string(),
  name: z.string(),
  type: z.string(),
  ttl: z.number(),
  content: z.string().optional(),
  proxied: z.boolean().optional(),
  priority: z.number().optional(),
  comment: z.string().optional(),
  tags: z.array(z.string()).optional(),
});

type Inputs = z.infer<typeof inputs>;
type Wanted = Parameters<Cloudflare["dns"]["records"]["create"]>[0];
type Found = Awaited<ReturnType<Cloudflare["dns"]["records"]["get"]>>;

function client(config: CloudflareConfig): Cloudflare {
  const apiToken = config.apiToken ?? process.env.CLOUDFLARE_API_TOKEN;
  if (!apiToken)
    throw new Error(
      "Cloudflare needs an API token; set it with `pulumi config set --secret cloudflare:apiToken`",
    );
  return new Cloudflare({ apiToken, ...(config.baseUrl && { baseURL: config.baseUrl }) });
}

const body = ({ zoneId, ...record }: Inputs): Wanted => ({ zone_id: zoneId, ...record }) as Wanted;

function outputsOf(found: Found) {
  return {
    name: found.name,
    type: found.type,
    content: found.content,
    ttl: found.ttl,
    proxied: found.proxied,
    ...(found.comment && { comment: found.comment }),
    tags: found.tags,
    ...("priority" in found && { priority: found.priority }),
    proxiable: found.proxiable,
    createdOn: found.created_on,
    modifiedOn: found.modified_on,
    meta: JSON.stringify(found.meta ?? {}),
  };
}

/** `cloudflare:index/dnsRecord:DnsRecord` */
export const dnsRecord: ResourceType<CloudflareConfig, Inputs> = {
  inputs,
  outputs: ["createdOn", "modifiedOn", "meta", "proxiable"],
  volatile: ["modifiedOn"],
  replaceOn: ["zoneId"],

  async create({ config }, wanted) {
    const made = await client(config).dns.records.create(body(wanted));
    return { id: made.id, outputs: { ...outputsOf(made), ...wanted } };
  },

  async read({ config }, id, state) {
    if (!state.zoneId) throw new Error(`DNS record ${id}: reading it requires its zoneId`);
    try {
      const found = await client(config).dns.records.get(id, { zone_id: state.zoneId });
      // Cloudflare returns the full name; the program may have given only the part before the zone's name.
      const name = state.name && found.name.startsWith(`${state.name}.`) ? state.name : found.name;
      return { ...state, ...outputsOf(found), name };
    } catch (error) {
      if (error instanceof Cloudflare.NotFoundError) return undefined;
      throw error;
    }
  },

  async update({ config }, id, _state, wanted) {
    const made = await client(config).dns.records.update(id, body(wanted));
    return { ...outputsOf(made), ...wanted };
  },

  async delete({ config }, id, state) {
    try {
      await client(config).dns.records.delete(id, { zone_id: state.zoneId });
    } catch (error) {
      if (!(error instanceof Cloudflare.NotFoundError)) throw error;
    }
  },
};
