import { pass, warn } from "../../../finding";
import type { Guardrail } from "./guardrail";

/** Jobs that the wiki has put off; above this the queue is called long. */
const manyJobs = 1_000;

/**
 * MediaWiki's job queue is a table and moves with the others; a long one makes the new side busy from its first second
 * on, and what it still has to do (links, mails, purges) is late already.
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
      "Let the job runner work them off first (php maintenance/runJobs.php); none is lost",
    ),
  ];
};
