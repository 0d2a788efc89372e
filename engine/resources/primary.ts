import { readRoles } from "../control/mariadb/primary";
import { likelyPrimary } from "../control/primary";
import { type MoveSpec, otherSide, type Side } from "../move";
import type { FlipResult } from "../movers/mariadb/cutover/context";
import { cutover, recover } from "../movers/mariadb/cutover/cutover";
import { withCutover } from "../operations/flip";
import { type MoveSession, openMoveSession } from "../session";
import { container, pick, replicatedDatabases } from "../slice";
import type { ResourceHandler } from "./handler";
import { seeSchema } from "./replication";

/** A flip uses everything except what copies and compares. */
const slice = (spec: MoveSpec) => {
  const { wiki, blue, green, gate, files, verify, cutover } = spec;
  const databases = replicatedDatabases(spec);
  return {
    wiki: pick(wiki, "database", "tablePrefix", "appUser", "serverUrl", "apiPath", "hashedUploads"),
    blue: {
      database: { ...databases.blue.database, ...pick(blue.database, "ssh") },
      web: pick(blue.web, "ssh", "address", "tls", "jobs", "refreshCaches"),
      files: pick(blue.files, "ssh", "directory", "address"),
    },
    green: {
      database: { ...databases.green.database, ...container(green.database) },
      databaseProxy: container(green.databaseProxy),
      mediawiki: { ...container(green.mediawiki), ...pick(green.mediawiki, "port") },
      jobs: container(green.jobs),
      redis: { cache: container(green.redis.cache), sessions: container(green.redis.sessions) },
      fileSync: { ...container(green.fileSync), ...pick(green.fileSync, "directory") },
    },
    gate: { ...container(gate), ...pick(gate, "admin") },
    files: pick(files, "maxDelete", "allowDelete", "allowLost", "keepDays"),
    verify: pick(verify, "pauseMs"),
    cutover,
  };
};

type Session = MoveSession<ReturnType<typeof slice>>;

interface Inputs {
  active: Side;
}

interface Outputs {
  primary: Side;
  epoch: number;
  writePauseMs: number;
  /** The last flip, for the report. */
  lastFlip: FlipResult | null;
}

async function makePrimary(session: Session, { active }: Inputs, before?: Outputs): Promise<Outputs> {
  return withCutover(session, async (ctx) => {
    const { primary, epoch } = await recover(ctx);
    if (primary === active) {
      await ctx.controls.resume(active);
      return { ...(before ?? { writePauseMs: 0, lastFlip: null }), primary, epoch };
    }
    // A schema change that can't be reported must not prevent a flip; the guardrails compare both schemas.
    await seeSchema(session, active).catch(() => {});
    const flip = await cutover(ctx, { from: otherSide(active), to: active });
    return { primary: active, epoch: flip.epoch, writePauseMs: flip.writePauseMs, lastFlip: flip };
  });
}

/** The side whose database takes writes. Changing the wanted side is the cutover or the switchback. */
export const handler: ResourceHandler<Session, Inputs, Outputs> = {
  slice,
  open: openMoveSession,
  create: (session, inputs) => makePrimary(session, inputs),
  update: makePrimary,
  async read(session, { writePauseMs, lastFlip }) {
    const views = await readRoles(session);
    const found = likelyPrimary(views);
    if (found) return { primary: found.side, epoch: found.record.epoch, writePauseMs, lastFlip };
    // A server that does not answer is no reason to forget who is primary.
    const failure = Object.values(views).find((view) => view instanceof Error);
    if (failure) throw failure;
    return undefined;
  },
  async remove() {},
  stillHolds: (inputs, outputs) => inputs.active === outputs.primary,
};
