import { type Left, type UndoneBlue, undoBlue } from "../../engine/operations/undo/blue";
import { parkGreen, removeVolumes } from "../../engine/operations/undo/green";
import type { Report } from "../../engine/progress";
import { type MoveSession, openMoveSession } from "../../engine/session";
import type { Stack } from "../common/stack";
import type { Undone } from "./format";
import type { Plan, Wishes } from "./plan";
import { StackRecord } from "./stack";

/**
 * Takes the move back: blue first, which serves people; then green and the stack. Can be killed at any point and run
 * again.
 */
export async function undo(stack: Stack, plan: Plan, wishes: Wishes, report: Report): Promise<Undone> {
  const move = openMoveSession(stack.spec, stack.secrets, report);
  try {
    const blue = await undoBlue(move, wishes);
    const parked = wishes.forgetGreen ? [] : await parkGreen(move);
    // If green is removed, what is inside its containers goes with them.
    const left = [...blue.left, ...(wishes.keepGreen ? parked : [])];
    left.push(...(await undoStack(stack, move, wishes, blue, report)));
    return { ...told(stack, plan, blue), ok: left.length === 0, left };
  } finally {
    await move.close();
  }
}

async function undoStack(
  stack: Stack,
  move: MoveSession,
  wishes: Wishes,
  blue: UndoneBlue,
  report: Report,
): Promise<Left[]> {
  const record = new StackRecord(stack, (line) => report({ step: "pulumi", message: line }));
  // As long as something is left on blue, the stack records it.
  if (blue.left.length > 0) return [];
  report({ step: "undo", message: "the stack forgets what held between blue and green" });
  await record.forgetPromises(!wishes.keepGreen);
  if (wishes.keepGreen) return [];
  if (wishes.forgetGreen) {
    await record.empty();
    return [];
  }
  report({ step: "undo", message: "green is removed" });
  await record.destroy();
  return await removeVolumes(move, wishes.removeVolumes);
}

function told(stack: Stack, plan: Plan, blue: UndoneBlue): Undone {
  const { taken, kept, untilRestart } = blue;
  const next =
    blue.left.length > 0
      ? [
          "see what is LEFT, then run this again; green and the stack are as they were, but nothing follows any more",
        ]
      : ["npx pulumi config set phase prepare && npx pulumi up starts the move again"];
  return {
    ok: false,
    stack: stack.name,
    wiki: plan.wiki,
    taken,
    kept,
    left: [],
    untilRestart,
    green: blue.left.length > 0 ? "kept" : plan.green,
    next,
  };
}
