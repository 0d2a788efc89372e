import { otherSide } from "../../../engine/move";
import { silent } from "../../../engine/progress";
import type { CommonConfig } from "../../../stacks/common/config/common";
import { claimBy, conclude, primaryBy, type StatusReport } from "../../../stacks/common/status";
import { journalText, line, statusText } from "../../../stacks/common/statusText";
import { differences, linkTarget } from "./files";
import { type DirectoryMove, openDirectories, viewsOf } from "./session";

export async function statusOf(
  stack: string,
  { name, phase, active, canary }: CommonConfig,
  move: DirectoryMove,
): Promise<StatusReport> {
  const { store } = openDirectories(move, {}, silent);
  const wanted = { phase, active, canary };
  const record = await store.role.read();
  const found = primaryBy(viewsOf(claimBy(record && { ...record, side: record.role })));
  const primary = found.primary?.side ?? "blue";
  const different = await differences(move[primary], move[otherSide(primary)]).catch(() => undefined);
  const linked = (await linkTarget(move.link)) === move[primary];
  const missing = [
    ...(primary === active ? [] : [`${primary} is the primary, not ${active}`]),
    ...(found.primary && !linked ? [`the link does not point to ${primary}`] : []),
    ...(phase !== "prepare" && different?.length !== 0 ? ["the two directories differ"] : []),
  ];
  const status = {
    stack,
    wanted,
    journal: { last: (await store.journal.read()).map((entry) => ({ side: "", ...entry })) },
    ...conclude({ wanted, name, ...found, missing, unreached: false, leased: false }),
  };
  const own = [
    line("link", linked ? `points to ${primary}` : "points elsewhere"),
    line("content", different === undefined ? "not compared" : `${different.length} files differ`),
  ];
  const text = statusText(status, ["directory", name], [...own, ...journalText(status.journal)]);
  return { status, text, reached: true };
}
