import { count, some } from "../../../../../engine/format";
import type { KeptPromise } from "../../../core/report/types";
import type { WikiFacts } from "./facts";

/** What the move promises to readers and editors, held against what was seen. Pure. */
export function wikiPromises(facts: WikiFacts): KeptPromise[] {
  const { judgements, expected } = facts;
  // Something missing after an earlier flip is as bad as at the end.
  const tables = [facts.judge, ...judgements.map(({ result }) => result)];
  const worst = (read: (table: WikiFacts["judge"]) => number) => Math.max(...tables.map(read));
  const none = (name: string, n: number, unit: string) => ({ name, found: some(n, unit), kept: n === 0 });
  const { acknowledged: edits } = facts.judge.edits;
  const { acknowledged: uploads } = facts.judge.uploads;
  return [
    none(
      "No edit is lost",
      worst(({ edits }) => edits.lost),
      "edit",
    ),
    none(
      "No edit is there twice",
      worst(({ edits }) => edits.doubled),
      "edit",
    ),
    none(
      "No edit is altered",
      worst(({ edits }) => edits.altered),
      "edit",
    ),
    none(
      "No upload is lost, there twice or altered",
      worst(({ uploads }) => uploads.lost + uploads.doubled + uploads.altered),
      "upload",
    ),
    none(
      "No save fails: in a flip it waits",
      worst(({ edits, uploads }) => edits.failed + uploads.failed),
      "save",
    ),
    none(
      "No page view fails",
      worst(({ views }) => views.failed),
      "page view",
    ),
    none(
      "Nobody is logged out",
      worst(({ loggedOut }) => loggedOut),
      "time",
    ),
    {
      name: "People were busy all the while",
      found: `${some(edits, "edit")} of at least ${count(expected.edits)}, ${some(uploads, "upload")} of at least ${count(expected.uploads)}`,
      kept: edits >= expected.edits && uploads >= expected.uploads,
    },
  ];
}
