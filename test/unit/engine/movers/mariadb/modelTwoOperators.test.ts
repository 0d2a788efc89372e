import { protocolRules } from "../../../../../engine/movers/mariadb/cutover/model/rules";
import { scenarios } from "../../../../../engine/movers/mariadb/cutover/model/scenarios";
import { search } from "../../../../../engine/movers/mariadb/cutover/model/search";

// Some three million states. `npm run model` also searches two operators with opposite goals.
jest.setTimeout(900_000);

test("the protocol holds with two operators at once, and reaches its goal", () => {
  const scenario = scenarios.find(({ name }) => name === "two operators at once");
  if (!scenario) throw new Error("the scenario is not there");
  const result = search(scenario, protocolRules);
  expect(result.violation).toBeUndefined();
  expect(result.flipped).toBeGreaterThan(0);
});
