import { WikiferryError } from "../../../errors";
import type { CopyContext } from "./context";
import { logical } from "./logical/logical";
import type { CopyMethod } from "./method";
import { obstacles } from "./physical/conditions";
import { physicalFacts } from "./physical/facts";
import { physical, sizeOf } from "./physical/physical";

/** From this size on, data and indexes, the physical method is worth the restart of green's server, in bytes. */
export const physicalFromBytes = 5_000_000_000;

/**
 * The method that the config names. Otherwise the physical one for a large enough database where it is possible. Never
 * writes.
 * @throws `COPY_NOT_PHYSICAL` with the reason, when it was requested
 */
export async function chooseMethod(ctx: CopyContext): Promise<CopyMethod> {
  const { method } = ctx.spec.copy;
  if (method === "auto") return await fitting(ctx);
  return method === "physical" ? await insisted(ctx) : logical;
}

async function fitting(ctx: CopyContext): Promise<CopyMethod> {
  if ((await sizeOf(ctx)).bytes < physicalFromBytes) return logical;
  const why = obstacles(await physicalFacts(ctx));
  if (why.length === 0) return physical;
  ctx.report({ step: "copy", message: `row by row: blue's files can't be used, because ${why.join("; ")}` });
  return logical;
}

async function insisted(ctx: CopyContext): Promise<CopyMethod> {
  const why = obstacles(await physicalFacts(ctx));
  if (why.length === 0) return physical;
  throw new WikiferryError(
    "COPY_NOT_PHYSICAL",
    `copy.method is physical, but ${why.join("; ")}`,
    "Fix that (for example, install mariadb-backup on blue's host), or set copy.method to auto or logical",
  );
}
