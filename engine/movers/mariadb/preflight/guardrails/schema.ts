import { block, type Finding, pass, warn } from "../../../../finding";
import type { Server } from "../../../../runtime/mariadb/server";
import { neighboursFinding, readNeighbours } from "../../neighbours";
import { waitForGtid } from "../../replication/follow";
import { positions } from "../../replication/status";
import { definitionDifferences, readDefinitions, type TableDefinition } from "../../verify/definitions";
import { primaryKeyFinding, readTables, storageEngineFinding } from "../tables";
import { type FlipQuestion, type Guardrail, list } from "./guardrail";
import { objectDifferences, readObjects, type SchemaObject } from "./objects";

interface Schema {
  tables: TableDefinition[];
  objects: SchemaObject[];
}

/** How long the replica may take to get a schema change that was just made, in milliseconds. */
const arrivalMs = 500;

/** The wiki's database is defined alike on both sides, with tables that replicate. */
export const schema: Guardrail = async (question) => {
  const { primary, replica, database, tablePrefix } = question;
  const [differences, definers, facts] = await Promise.all([
    compared(question),
    missingDefiners(question),
    readTables(replica, database),
  ]);
  return [
    ...differences,
    definers,
    await restingEvents(primary, replica, database),
    storageEngineFinding(facts, tablePrefix),
    primaryKeyFinding(facts, tablePrefix),
    ...(await neighboursOf(question)),
  ];
};

/** A flip closes the whole old server. The way back is never refused for what was added to the new one. */
async function neighboursOf({ primary, database }: FlipQuestion): Promise<Finding[]> {
  return primary.side === "blue" ? [neighboursFinding(await readNeighbours(primary, database))] : [];
}

async function compared({ primary, replica, database }: FlipQuestion): Promise<Finding[]> {
  const compare = async () => {
    // The replica first: a schema change that arrives in between is then on both sides, or shows as missing below.
    const there = await read(replica, database);
    const here = await read(primary, database);
    return {
      tables: tableDifferences(here.tables, there.tables),
      objects: objectDifferences(here.objects, there.objects),
    };
  };
  let found = await compare();
  if (found.tables.length + found.objects.length > 0) {
    await waitForGtid(replica, (await positions(primary)).binlog, arrivalMs);
    found = await compare();
  }
  const how = `as on ${replica.side}, but not as on ${primary.side}`;
  return [
    found.tables.length === 0
      ? pass("SCHEMA_TABLES", "every table is defined alike on both sides")
      : block(
          "SCHEMA_TABLES",
          `${list(found.tables)} (${how})`,
          `Someone changed tables on one side only, or ${replica.side} is far behind: make them alike there without the binary log (SET sql_log_bin = 0), then compare again (pulumi up --refresh)`,
        ),
    found.objects.length === 0
      ? pass("SCHEMA_OBJECTS", "views, triggers, routines and events are alike on both sides")
      : block(
          "SCHEMA_OBJECTS",
          `${list(found.objects)} (${how})`,
          `Create them again on ${replica.side} as ${primary.side} has them, without the binary log (SET sql_log_bin = 0)`,
        ),
  ];
}

async function read(server: Server, database: string): Promise<Schema> {
  return {
    tables: await readDefinitions(await server.session(), database),
    objects: await readObjects(server, database),
  };
}

/** One line for each difference in the copy's tables. */
export function tableDifferences(
  originals: readonly TableDefinition[],
  copies: readonly TableDefinition[],
): string[] {
  const found: string[] = [];
  for (const original of originals) {
    const copy = copies.find(({ name }) => name === original.name);
    if (!copy) found.push(`table ${original.name} is missing`);
    else found.push(...definitionDifferences(original, copy).map((line) => `${original.name}: ${line}`));
  }
  for (const { name } of copies)
    if (!originals.some((original) => original.name === name)) found.push(`table ${name} is there`);
  return found;
}

/** Views, triggers, routines and events run as their definer. They fail if that account is missing. */
async function missingDefiners({ primary, replica, database }: FlipQuestion): Promise<Finding> {
  const objects = (await readObjects(primary, database)).filter(({ definer }) => definer !== "");
  const accounts = await replica.rows<{ name: string }>(
    "SELECT CONCAT(User, '@', Host) AS name FROM mysql.user",
  );
  const lost = objects.filter(({ definer }) => !accounts.some(({ name }) => name === definer));
  if (lost.length === 0)
    return pass(
      "SCHEMA_DEFINERS",
      `${replica.side} has every account that something in the database runs as`,
    );
  return block(
    "SCHEMA_DEFINERS",
    `${list(lost.map(({ kind, name, definer }) => `${kind} ${name} runs as ${definer}`))}, which ${replica.side} does not have`,
    `Make the account on ${replica.side} without the binary log (SET sql_log_bin = 0; CREATE USER …; GRANT …), or give what runs as it another definer`,
  );
}

/** Events that are enabled on the primary and disabled on the replica. They do not enable themselves. */
async function restingEvents(primary: Server, replica: Server, database: string): Promise<Finding> {
  const enabled = async (server: Server) => {
    const rows = await server.rows<{ name: string }>(
      "SELECT event_name AS name FROM information_schema.events WHERE event_schema = ? AND status = 'ENABLED'",
      [database],
    );
    return rows.map(({ name }) => name);
  };
  const [here, there] = await Promise.all([enabled(primary), enabled(replica)]);
  const resting = here.filter((name) => !there.includes(name));
  if (resting.length === 0)
    return pass("SCHEMA_EVENTS", "no event of the wiki would stay disabled after the flip");
  return warn(
    "SCHEMA_EVENTS",
    `${list(resting.map((name) => `event ${name}`))} rest${resting.length === 1 ? "s" : ""} on ${replica.side}`,
    `After the flip: ALTER EVENT … ENABLE on ${replica.side}, and ALTER EVENT … DISABLE ON SLAVE on ${primary.side} without the binary log`,
  );
}
