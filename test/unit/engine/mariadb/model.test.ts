import { mutants, protocolRules } from "../../../../engine/mariadb/cutover/model/rules";
import { mutantScenarios, scenarios } from "../../../../engine/mariadb/cutover/model/scenarios";
import { search } from "../../../../engine/mariadb/cutover/model/search";

jest.setTimeout(600_000);

// `npm run model` searches them all; these are the ones that take seconds.
test.each([
  "nothing goes wrong",
  "one operator, and two writes",
  "a server crashes, and run again",
  "a clock is set back",
])("the protocol holds with %s, and reaches its goal", (name) => {
  const scenario = scenarios.find((other) => other.name === name);
  if (!scenario) throw new Error(`no scenario is called ${name}`);
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
