import { randomUUID } from "node:crypto";
import { HeldLease } from "../../../../engine/control/heldLease";
import { WikiferryError } from "../../../../engine/errors";
import type { Side } from "../../../../engine/move";
import type { ResourceHandler } from "../../../../engine/resources/handler";
import { copy, differences, linkTarget, turnLink } from "../files";
import { type DirectoryMove, openDirectories, primarySide, type Session } from "../session";
import { handler as content } from "./content";

interface Inputs {
  active: Side;
}

interface Outputs {
  primary: Side;
  /** Whether the link points to the primary. */
  linked: boolean;
}

/** A run that died lets go after this time, in milliseconds. */
const leaseMs = 5_000;

async function seen({ spec, store }: Session): Promise<Outputs> {
  const primary = await primarySide({ store });
  return { primary, linked: (await linkTarget(spec.link)) === spec[primary] };
}

/** Copies once more, compares, commits, turns the link: in this order, so that a kill leaves one answer. */
async function flip({ spec, store, report }: Session, from: Side, to: Side): Promise<void> {
  const wish = { holder: randomUUID(), purpose: `flip to ${to}`, durationMs: leaseMs };
  const lease = await HeldLease.take([store.lease], wish, report);
  try {
    await copy(spec[from], spec[to]);
    const different = await differences(spec[from], spec[to]);
    if (different.length > 0)
      throw new WikiferryError(
        "DIRECTORY_DIFFERENT",
        `${different.length} files differ, such as ${different[0]}`,
        "Publish nothing during the flip; run `npx pulumi up` again",
      );
    const record = await store.role.read();
    const expected = { role: from, epoch: record?.epoch ?? 0 };
    await lease.fix(wish.purpose, expected.epoch + 1);
    await store.role.commit(expected, { role: to, holder: wish.holder });
    await store.journal.append({ step: "flip", side: to, event: `${to} is the primary` });
  } finally {
    await lease.release();
  }
}

async function serve(session: Session, { active }: Inputs): Promise<Outputs> {
  const { spec, store } = session;
  await store.role.init({ name: spec.name, role: "blue" });
  const primary = await primarySide(session);
  if (primary !== active) await flip(session, primary, active);
  await turnLink(spec.link, spec[active]);
  return seen(session);
}

/** The link points to the primary. Changing the wanted side is the flip. */
export const handler: ResourceHandler<Session, Inputs, Outputs, DirectoryMove, unknown> = {
  slice: content.slice,
  open: openDirectories,
  create: serve,
  update: serve,
  read: seen,
  async remove() {},
  stillHolds: ({ active }, { primary, linked }) => primary === active && linked,
};
