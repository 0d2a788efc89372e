import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Side } from "../../../../../engine/move";
import { initFile } from "../../../../../engine/movers/mariadb/fencing/statements";

test("the image's init file is the rule that the engine has", () => {
  const file = readFileSync(join(__dirname, "../../../../../components/mariadb/image/role.sql"), "utf8");
  expect(file).toBe(initFile("@ROLE_NAME@" as Side, { withoutRecord: "closed" }));
});

test("each statement of an init file is on a line of its own, as MariaDB wants it", () => {
  for (const line of initFile("blue", { withoutRecord: "as configured" }).trimEnd().split("\n"))
    expect(line).toMatch(/^[A-Z].*;$/);
});
