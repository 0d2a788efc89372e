import { mariadbStore } from "../../../../engine/control/mariadb/mariadbStore";
import { ensureControlSchema } from "../../../../engine/control/mariadb/schema";
import type { Server } from "../../../../engine/runtime/mariadb/server";
import { startWithAdoptedBlue } from "../../../../scripts/lab/adoptedBlue";
import type { Pair } from "../../../../scripts/lab/pair";
import { describeControlStore } from "../../../support/controlContract";

let pair: Pair;
let other: Server;

beforeAll(async () => {
  pair = await startWithAdoptedBlue({});
  await ensureControlSchema(pair.blue);
  other = pair.serverAt(pair.spec.blue.database, pair.secrets.blueAdminPassword);
});

afterAll(async () => {
  await other?.close();
  await pair?.stop();
});

describeControlStore(() => ({ ours: mariadbStore(pair.blue), theirs: mariadbStore(other) }), {
  otherMove: "CTRL_OTHER_WIKI",
});
