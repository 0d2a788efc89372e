import type { ProviderDefinition } from "../sdk/resource";
import { sdkVersion } from "../sdk/serve";
import { database } from "./database";
import { grant } from "./grant";
import { configSchema, type MysqlConfig } from "./server";
import { user } from "./user";

export const mysql: ProviderDefinition<MysqlConfig> = {
  name: "mysql",
  version: sdkVersion("mysql"),
  config: configSchema,
  resources: {
    "mysql:index/user:User": user,
    "mysql:index/grant:Grant": grant,
    "mysql:index/database:Database": database,
  },
};
