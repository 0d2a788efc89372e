import { WikiferryError } from "../../../errors";
import { type Report, silent } from "../../../progress";
import { quoted } from "../../../runtime/mariadb/identifier";
import type { Server, Session } from "../../../runtime/mariadb/server";
import { definitionDifferences, isTransactional, readDefinitions, type TableDefinition } from "./definitions";
import { locateDifferences } from "./locateDifferences";
import { compareNonTransactionalTable } from "./nonTransactionalTable";
import { type Compared, comparePieces, type Piece } from "./pieces";
import { cutIntoRanges, wholeTable } from "./ranges";
import { recordVerification, type TableDifference, type Verification } from "./record";
import { repairRows } from "./repair";
import { longestRowText } from "./rowText";
import { openSnapshots, type Snapshots } from "./snapshots";
import { countWikiTables, type WikiCount } from "./wikiTables";

export interface VerifyOptions {
  report?: Report;
  /** Of MediaWiki's tables. Defaults to none. */
  tablePrefix?: string;
  /** Sessions on each side, 1 to 16. Defaults to 4. */
  sessions?: number;
  /** Whether rows that differ are copied again from the primary and compared again. Defaults to false. */
  repair?: boolean;
}

/** Maximum number of rows and ranges that are named for one table. */
const mostNamed = 20;
/** Maximum number of rows of one table that are repaired; beyond that the copy is not worth repairing. */
const mostMended = 1_000;
const defaultSessions = 4;

/**
 * Compares every base table of `database` on both servers at one GTID, while the primary takes writes and without a
 * lock on it, and records the result on both. Several sessions per side hash tables in key ranges; ranges that differ
 * are narrowed to rows.
 * @throws `VERIFY_MISMATCH` naming tables and rows, `VERIFY_NO_SNAPSHOT`, `VERIFY_ROW_TOO_LONG`
 */
export async function verify(
  primary: Server,
  replica: Server,
  database: string,
  options: VerifyOptions = {},
): Promise<Verification> {
  let result = await compare(primary, replica, database, options);
  const record = () =>
    Promise.all([primary, replica].map((server) => recordVerification(server, brief(result))));
  if (!result.ok && options.repair) {
    // Whatever is not repaired must be on record, whatever ends this run.
    await record();
    const repaired = await repairRows(primary, replica, database, result.differing, options.report);
    result = { ...(await compare(primary, replica, database, options)), repaired };
  }
  await record();
  if (!result.ok) throw mismatch(replica, result);
  return brief(result);
}

async function compare(
  primary: Server,
  replica: Server,
  database: string,
  { report = silent, tablePrefix = "", sessions = defaultSessions, repair = false }: VerifyOptions,
): Promise<Verification> {
  const start = performance.now();
  const snapshots = await openSnapshots(primary, replica, { sessions });
  try {
    const plan = await planFor(snapshots, replica, database);
    const compared = await comparePieces(snapshots, plan.pieces, progressOf(plan.pieces, report));
    const counted = countsByTable(compared);
    const wiki = await countWikiTables(first(snapshots), { database, tablePrefix }, counted);
    const numbering = await numberingDifferences(first(snapshots).primary, database, plan.tables);
    const most = repair ? mostMended : mostNamed;
    for (const { table, what } of plan.tables) {
      const differing = compared.filter((piece) => piece.table === table && !piece.same);
      const difference = await differenceOf(snapshots, differing, counted.get(table.name), most);
      const numbers = numbering.get(table.name) ?? [];
      note(plan.differing, table.name, [...what, ...difference.what, ...numbers], difference);
    }
    let rows = compared.reduce((sum, { there }) => sum + BigInt(there.rows), 0n);
    for (const { table, what } of plan.loose) {
      const name = `${quoted(database)}.${quoted(table.name)}`;
      const found = await compareNonTransactionalTable(primary, replica, name, table.columns);
      rows += found.rows;
      note(plan.differing, table.name, [
        ...what,
        ...(found.differing > 0 ? [`rows: ${found.differing} differ`] : []),
      ]);
    }
    return {
      ok: plan.differing.length === 0,
      gtid: snapshots.gtid,
      tables: plan.count,
      rows: String(rows),
      ms: Math.round(performance.now() - start),
      differing: plan.differing,
      wiki,
    };
  } finally {
    await snapshots.close();
  }
}

interface Plan {
  /** How many tables the primary has. */
  count: number;
  /** Tables whose rows are compared in pieces, with their other differences. */
  tables: { table: TableDefinition; copy: TableDefinition; what: string[] }[];
  pieces: Piece[];
  /** Tables that no snapshot can freeze. */
  loose: { table: TableDefinition; what: string[] }[];
  /** What is already known to differ. */
  differing: TableDifference[];
}

async function planFor(snapshots: Snapshots, replica: Server, database: string): Promise<Plan> {
  const { primary, replica: there } = first(snapshots);
  const [originals, copies, packet] = await Promise.all([
    readDefinitions(primary, database),
    readDefinitions(there, database),
    primary.value("SELECT @@max_allowed_packet"),
  ]);
  const plan: Plan = { count: originals.length, tables: [], pieces: [], loose: [], differing: [] };
  for (const copy of copies)
    if (!originals.some((table) => table.name === copy.name))
      note(plan.differing, copy.name, ["it is not on the primary"]);
  for (const table of originals) {
    const copy = copies.find((other) => other.name === table.name);
    if (!copy) {
      note(plan.differing, table.name, [`it is missing on ${replica.side}`]);
      continue;
    }
    refuseLongRows(table, Number(packet));
    const what = definitionDifferences(table, copy);
    // Columns with different definitions can't be compared as rows, and need not be.
    if (table.columns.some((column, at) => column.name !== copy.columns[at]?.name))
      note(plan.differing, table.name, what);
    else if (!isTransactional(table) || !isTransactional(copy)) plan.loose.push({ table, what });
    else {
      const name = `${quoted(database)}.${quoted(table.name)}`;
      const sameKey = JSON.stringify(table.key) === JSON.stringify(copy.key);
      const compared = sameKey ? table : { ...table, key: undefined };
      const ranges = compared.key
        ? await cutIntoRanges(primary, name, compared)
        : [wholeTable(table.dataBytes)];
      plan.tables.push({ table: compared, copy, what });
      plan.pieces.push(...ranges.map((range) => ({ name, table: compared, range })));
    }
  }
  return plan;
}

function first({ primary, replica }: Snapshots): { primary: Session; replica: Session } {
  return { primary: primary[0] as Session, replica: replica[0] as Session };
}

function refuseLongRows(table: TableDefinition, maxAllowedPacket: number): void {
  const longest = longestRowText(table.columns);
  if (longest < maxAllowedPacket) return;
  throw new WikiferryError(
    "VERIFY_ROW_TOO_LONG",
    `a row of ${table.name} may take ${longest} bytes without its long texts, and max_allowed_packet is ${maxAllowedPacket}: it can't be hashed`,
    "Raise max_allowed_packet on both servers, then run again",
  );
}

function progressOf(pieces: readonly Piece[], report: Report): (piece: Compared) => void {
  const total = pieces.reduce((sum, { range }) => sum + range.bytes, 0);
  let done = 0;
  return ({ table, range, there }) => {
    done += range.bytes;
    report({
      step: "verify",
      message: `${table.name}: ${there.rows} rows${range.words ? ` (${range.words})` : ""}`,
      percent: total === 0 ? 100 : (100 * done) / total,
    });
  };
}

function countsByTable(compared: readonly Compared[]): Map<string, WikiCount["rows"]> {
  const counts = new Map<string, WikiCount["rows"]>();
  for (const { table, there, here } of compared) {
    const sofar = counts.get(table.name) ?? { primary: "0", replica: "0" };
    counts.set(table.name, {
      primary: String(BigInt(sofar.primary) + BigInt(there.rows)),
      replica: String(BigInt(sofar.replica) + BigInt(here.rows)),
    });
  }
  return counts;
}

type Difference = Pick<TableDifference, "what" | "ranges" | "rows" | "more">;

/** Pieces that differ, narrowed to rows until enough are named. */
async function differenceOf(
  snapshots: Snapshots,
  pieces: readonly Compared[],
  counted: WikiCount["rows"] | undefined,
  most: number,
): Promise<Difference> {
  if (pieces.length === 0) return { what: [] };
  const ranges = pieces.flatMap(({ range }) => (range.words ? [range.words] : [])).slice(0, mostNamed);
  const rows: NonNullable<Difference["rows"]> = [];
  let more = false;
  let same = true;
  for (const { name, table, range, there } of pieces) {
    if (rows.length >= most) {
      more = true;
      break;
    }
    const { primary, replica } = first(snapshots);
    const found = await locateDifferences(primary, replica, {
      name,
      table,
      where: range.where,
      rows: Number(there.rows),
      most: most - rows.length,
    });
    rows.push(...found.rows);
    more ||= found.more;
    same &&= found.same && table.key !== undefined;
  }
  if (same) return { what: [] };
  const named = rows.slice(0, 5).map(({ row, how }) => `${row}: ${how}`);
  const count =
    counted && counted.primary !== counted.replica
      ? `rows: ${counted.replica} instead of ${counted.primary}`
      : "the content of its rows";
  const others = rows.length > 5 || more ? `, and ${more ? "more" : rows.length - 5}` : "";
  const detail = named.length > 0 ? ` (${named.join(", ")}${others})` : "";
  return { what: [`${count}${detail}`], ranges, rows, more };
}

/**
 * The next number of the copy must be above every number in use. It may be behind the original's: a rolled-back insert
 * uses up numbers on the primary only, and they are not in use.
 */
async function numberingDifferences(
  session: Session,
  database: string,
  tables: Plan["tables"],
): Promise<Map<string, string[]>> {
  const numbered = tables.filter(({ table }) => table.autoColumn);
  const found = new Map<string, string[]>();
  if (numbered.length === 0) return found;
  // One query, because over a long distance each answer takes a while.
  const used = await session.rows<{ at: string | number; used: string | number | null }>(
    numbered
      .map(
        ({ table }, at) =>
          `SELECT ${at} AS at, MAX(${quoted(table.autoColumn as string)}) AS used FROM ${quoted(database)}.${quoted(table.name)}`,
      )
      .join(" UNION ALL "),
  );
  for (const { at, used: last } of used) {
    const { table, copy } = numbered[Number(at)] as Plan["tables"][number];
    if (last === null || (copy.autoIncrement ?? 0n) > BigInt(last)) continue;
    found.set(table.name, [`AUTO_INCREMENT is ${copy.autoIncrement ?? "none"}, though ${last} is in use`]);
  }
  return found;
}

function note(
  into: TableDifference[],
  table: string,
  what: string[],
  detail: Partial<Difference> = {},
): void {
  if (what.length === 0) return;
  const { ranges, rows, more } = detail;
  into.push({ table, what, ...(rows ? { ranges, rows, more } : {}) });
}

/** What is kept of a result: a limited number of rows for each table. */
function brief(result: Verification): Verification {
  return {
    ...result,
    differing: result.differing.map((table) =>
      table.rows && table.rows.length > mostNamed
        ? { ...table, rows: table.rows.slice(0, mostNamed), more: true }
        : table,
    ),
  };
}

function mismatch(replica: Server, result: Verification): WikiferryError {
  const named = result.differing
    .slice(0, 10)
    .map(({ table, what }) => `${table} (${what.join("; ")})`)
    .join(", ");
  const more = result.differing.length > 10 ? ` and ${result.differing.length - 10} more` : "";
  return new WikiferryError(
    "VERIFY_MISMATCH",
    `at ${result.gtid}, ${result.differing.length} of ${result.tables} tables on ${replica.side} are not the same: ${named}${more}`,
    "Find out what wrote there; then copy again (npm run copy:again), or, if these rows are all, set verify.repair to true for one `pulumi up --refresh`. No flip is possible until a verification has passed",
  );
}
