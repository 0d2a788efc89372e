import { protocolRules } from "../../../../engine/mariadb/cutover/model/rules";
import { scenarios } from "../../../../engine/mariadb/cutover/model/scenarios";
import { search } from "../../../../engine/mariadb/cutover/model/search";

jest.setTimeout(900_000);

// With opposite goals they take several times as long and as much memory: those `npm run model` searches.
const scenario = scenarios.find(({ name }) => name === "two operators at once");

test("the protocol holds with two operators at once, and reaches its goal", () => {
  if (!scenario) throw new Error("the scenario is gone");
  const result = search(scenario, protocolRules);
  expect(result.violation).toBeUndefined();
  expect(result.flipped).toBeGreaterThan(0);
});
