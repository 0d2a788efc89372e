import { mutants, protocolRules } from "../../../../../engine/movers/mariadb/cutover/model/rules";
import { mutantScenarios, scenarios } from "../../../../../engine/movers/mariadb/cutover/model/scenarios";
import { search } from "../../../../../engine/movers/mariadb/cutover/model/search";

jest.setTimeout(600_000);

// Two operators take longer. They have a file of their own, so that both files run beside each other.
const small = scenarios.filter(({ operators }) => operators.length === 1);

test.each(small)("the protocol holds with $name, and reaches its goal", (scenario) => {
  const result = search(scenario, protocolRules);
  expect(result.violation).toBeUndefined();
  expect(result.flipped).toBeGreaterThan(0);
});

test.each(Object.entries(mutants))("a protocol in which %s is caught", (_name, { rules, breaks }) => {
  for (const scenario of mutantScenarios) {
    const { violation } = search(scenario, rules, { only: breaks });
    if (!violation) continue;
    expect(violation.trace.length).toBeGreaterThan(0);
    return;
  }
  throw new Error("the search did not find it");
});
