import { hasControlSchema } from "../../../../control/mariadb/schema";
import { block, type Finding, findingOf } from "../../../../finding";
import type { Server } from "../../../../runtime/mariadb/server";
import { control } from "./control";
import type { FlipQuestion, Guardrail } from "./guardrail";
import { jobs } from "./jobs";
import { rights } from "./rights";
import { schema } from "./schema";
import { settings } from "./settings";
import { stream } from "./stream";
import { verification } from "./verification";
import { work } from "./work";

export type { FlipQuestion } from "./guardrail";

/** Families that share sessions, arranged so that none of them waits long. */
const lanes: readonly (readonly Guardrail[])[] = [
  [stream, verification, control],
  [settings, rights],
  [work, jobs],
  [schema],
];

/**
 * Every known obstacle to a flip of the databases, each as pass, warn or block. Never writes. The lanes run side by
 * side with their own sessions, so this takes little longer than the slowest lane.
 */
export async function flipGuardrails(question: FlipQuestion): Promise<Finding[]> {
  const blank = await Promise.all([question.primary, question.replica].map(withoutControlSchema));
  const missing = blank.filter((finding) => finding !== undefined);
  // Most of the checks below read it.
  if (missing.length > 0) return missing;
  const found = await Promise.all(
    lanes.map(async (families) => {
      const primary = question.primary.withOwnConnections();
      const replica = question.replica.withOwnConnections();
      try {
        const findings: Finding[] = [];
        for (const family of families) findings.push(...(await family({ ...question, primary, replica })));
        return findings;
      } finally {
        void primary.close();
        void replica.close();
      }
    }),
  );
  return found.flat();
}

async function withoutControlSchema(server: Server): Promise<Finding | undefined> {
  try {
    if (await hasControlSchema(server)) return undefined;
  } catch (error) {
    return findingOf(error);
  }
  return block(
    "CTRL_SCHEMA",
    `${server.side} lacks tables of the schema wikiferry`,
    "Set phase to sync and run `pulumi up`",
  );
}
