import { escapeId, escape as quote } from "mysql2";
import { z } from "zod";
import type { ResourceType } from "../sdk/resource";
import { execute, type MysqlConfig, withServer } from "./server";

const inputs = z.strictObject({
  name: z.string().optional(),
  defaultCharacterSet: z.string().optional(),
  defaultCollation: z.string().optional(),
});

type Inputs = z.infer<typeof inputs>;

/** A database or table name as an identifier; a dot in it does not split it. */
export const identifier = (name: string): string => escapeId(name, true);

const options = ({ defaultCharacterSet, defaultCollation }: Inputs): string =>
  ` CHARACTER SET ${quote(defaultCharacterSet)} COLLATE ${quote(defaultCollation)}`;

/** `mysql:index/database:Database` */
export const database: ResourceType<MysqlConfig, Inputs> = {
  inputs,
  outputs: [],
  replaceOn: ["name"],
  autoName: "name",
  // The vendor's defaults.
  defaults: { defaultCharacterSet: "utf8mb4", defaultCollation: "utf8mb4_general_ci" },

  async create({ config }, wanted) {
    const name = wanted.name ?? "";
    const sql = `CREATE DATABASE ${identifier(name)}${options(wanted)}`;
    await withServer(config, (db) => execute(db, `CREATE DATABASE ${name}`, sql));
    return { id: name, outputs: {} };
  },

  async read({ config }, id, state) {
    const sql = `SELECT default_character_set_name AS charset, default_collation_name AS collation
      FROM information_schema.schemata WHERE schema_name = ${quote(id)}`;
    const [found] = await withServer(config, (db) => execute(db, `reading database ${id}`, sql));
    return (
      found && { ...state, name: id, defaultCharacterSet: found.charset, defaultCollation: found.collation }
    );
  },

  async update({ config }, id, _state, wanted) {
    const sql = `ALTER DATABASE ${identifier(id)}${options(wanted)}`;
    await withServer(config, (db) => execute(db, `ALTER DATABASE ${id}`, sql));
    return {};
  },

  async delete({ config }, id) {
    await withServer(config, (db) =>
      execute(db, `DROP DATABASE ${id}`, `DROP DATABASE IF EXISTS ${identifier(id)}`),
    );
  },
};
