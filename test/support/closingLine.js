const { writeSync } = require("node:fs");

/** Ends a run with one line that tools can read: `N passed, N failed`. */
class ClosingLine {
  onRunComplete(_contexts, results) {
    const broken = results.testResults.filter((file) => file.testExecError).length;
    // A skipped test is a promise that nobody kept, so it counts as failed.
    const failed = results.numFailedTests + broken + results.numPendingTests + results.numTodoTests;
    this.failed = failed > 0;
    // Jest prints its own summary after every reporter; only the end of the process is later.
    process.once("exit", () => writeSync(1, `\n${results.numPassedTests} passed, ${failed} failed\n`));
  }

  getLastError() {
    return this.failed ? new Error("not every test passed") : undefined;
  }
}

module.exports = ClosingLine;
