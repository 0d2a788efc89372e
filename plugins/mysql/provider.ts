import { version } from "@pulumi/mysql/package.json";
import type { ProviderDefinition } from "../sdk/resource";
import { database } from "./database";
import { grant } from "./grant";
import { configSchema, type MysqlConfig } from "./server";
import { user } from "./user";

export const mysql: ProviderDefinition<MysqlConfig> = {
  name: "mysql",
  version,
  config: configSchema,
  resources: {
    "mysql:index/user:User": user,
    "mysql:index/grant:Grant": grant,
    "mysql:index/database:Database": database,
  },
};
