import { protocolRules } from "../../../../../engine/movers/mariadb/cutover/model/rules";
import { scenarios } from "../../../../../engine/movers/mariadb/cutover/model/scenarios";
import { search } from "../../../../../engine/movers/mariadb/cutover/model/search";

// Some three million states each.
jest.setTimeout(900_000);

const large = scenarios.filter(({ operators }) => operators.length > 1);

test.each(large)("the protocol holds with $name, and reaches its goal", (scenario) => {
  const result = search(scenario, protocolRules);
  expect(result.violation).toBeUndefined();
  expect(result.flipped).toBeGreaterThan(0);
});
