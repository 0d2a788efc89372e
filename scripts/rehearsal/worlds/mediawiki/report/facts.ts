import type { RehearsalFacts, RehearsalReport } from "../../../core/report/types";
import type { JudgeResult, JudgeTable } from "../judge";
import type { Complaint } from "../load/tally";

/** What a rehearsal of a wiki saw. */
export interface WikiFacts extends RehearsalFacts {
  wiki: { pages: number; revisions: number; files: number; users: number };
  /** The last judgement, of the side that is left. */
  judge: JudgeTable;
  /** Every judgement in order, `when` such as `after flip 1, through the gate`. */
  judgements: { when: string; result: JudgeResult }[];
  /** What readers and editors met with. */
  complaints: Complaint[];
  expected: RehearsalFacts["expected"] & { edits: number; uploads: number };
}

export type WikiReport = RehearsalReport<WikiFacts>;
