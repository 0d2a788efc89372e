import type { StatusReport, StatusRequest } from "../../common/status";
import type { MediaWikiConfig } from "../config";
import { moveSpec, secretsOf } from "../spec";
import { ask } from "./ask";
import { format } from "./format";
import { anythingReached } from "./judge";

/** Where the move of a wiki stands. Reads only. */
export async function statusOf({
  stack,
  config,
  projectDirectory,
}: StatusRequest<MediaWikiConfig>): Promise<StatusReport> {
  const secrets = secretsOf(config, projectDirectory);
  const status = await ask({ name: stack, config, spec: moveSpec(config), secrets });
  return { status, text: format(status), reached: anythingReached(status) };
}
