const Sequencer = require("@jest/test-sequencer").default;

/** The end-to-end file takes longer than all others together: it begins first, and they run beside it. */
class LongestFirst extends Sequencer {
  sort(tests) {
    const isLong = (test) => test.path.includes("/test/e2e/");
    const rest = super.sort(tests.filter((test) => !isLong(test)));
    return [...tests.filter(isLong), ...rest];
  }
}

module.exports = LongestFirst;
