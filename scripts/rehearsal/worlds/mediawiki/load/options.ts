import { z } from "zod";
import { httpUrl } from "../../../core/load/messages";

/** Options of a load: the first line of its standard input. Holds passwords: never log it. */
export const loadOptions = z.strictObject({
  /** Where clients connect at first; `{"target": …}` changes it later. */
  target: httpUrl,
  /** `$wgServer`: what clients send as Host and keep cookies for, wherever they connect. */
  serverUrl: httpUrl,
  /** Path of `api.php`; `index.php` is expected beside it. */
  apiPath: z.string().startsWith("/").default("/api.php"),
  /** `$wgArticlePath`: half of the pages are read by it. Defaults to none of them. */
  articlePath: z.string().startsWith("/").includes("$1").optional(),
  /** Who reads where only accounts may. Defaults to nobody in particular. */
  reader: z.strictObject({ name: z.string().min(1), password: z.string().min(1) }).optional(),
  /** Accounts with the rights of a busy bot; each edits pages that no other one edits. */
  editors: z.array(z.strictObject({ name: z.string().min(1), password: z.string().min(1) })).max(50),
  editsPerSecond: z.number().min(0).max(200).default(5),
  viewsPerSecond: z.number().min(0).max(500).default(6),
  /** Page views under way at one time; further ones are left out and counted. */
  maxViewsAtOnce: z.int().min(1).max(200).default(16),
  /** The load ends by itself after this time. */
  minutes: z.number().positive().max(240).default(10),
  /** Same seed, same order of actions (what the server's timing allows). */
  seed: z.int().min(0).default(1),
  /** A request unanswered for this long is given up; longer than any hold. */
  requestTimeoutMs: z.int().min(100).default(20_000),
  /** JSON lines, one for each edit and upload, written before the editor goes on. */
  historyFile: z.string().min(1),
  /** JSON lines, one for each request, for the timeline. */
  requestsFile: z.string().min(1),
});

export type LoadOptions = z.infer<typeof loadOptions>;
export type LoadInput = z.input<typeof loadOptions>;
