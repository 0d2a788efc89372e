import { pass, warn } from "../../../../finding";
import type { Guardrail } from "./guardrail";

/** Number of deferred jobs above which the queue counts as long. */
const manyJobs = 1_000;

/**
 * MediaWiki's job queue is a table and moves with the others. A long queue keeps the new side busy from its first
 * second, and its work (links, mails, purges) is late already.
 */
export const jobs: Guardrail = async ({ primary, database, tablePrefix }) => {
  const table = `${tablePrefix}job`;
  const there = await primary.value(
    "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
    [database, table],
  );
  const waiting = there
    ? Number(
        await primary.value("SELECT COUNT(*) FROM (SELECT 1 FROM ??.?? LIMIT ?) AS some", [
          database,
          table,
          manyJobs + 1,
        ]),
      )
    : 0;
  if (waiting <= manyJobs) return [pass("APP_JOBS", `${waiting} jobs are waiting`)];
  return [
    warn(
      "APP_JOBS",
      `more than ${manyJobs} jobs are waiting on ${primary.side}`,
      "Let the job runner process them first (php maintenance/runJobs.php). None is lost",
    ),
  ];
};
