const Sequencer = require("@jest/test-sequencer").default;

/** Files that take longer than all others, the longest first. */
const long = [
  "/test/e2e/",
  "/test/unit/engine/movers/mariadb/modelTwoOperators.test.ts",
  "/test/integration/engine/movers/mariadb/faults.test.ts",
];

/** The longest files begin first, and the rest runs beside them. */
class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = (test) => long.findIndex((part) => test.path.includes(part));
    const first = tests.filter((test) => rank(test) >= 0).sort((a, b) => rank(a) - rank(b));
    return [...first, ...super.sort(tests.filter((test) => rank(test) < 0))];
  }
}

module.exports = LongestFirst;
