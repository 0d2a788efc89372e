/** @type {import("jest").Config} */
const base = {
  testEnvironment: "node",
  transform: { "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } } }] },
  moduleFileExtensions: ["ts", "js", "json", "node"],
};

module.exports = {
  // Servers are slow on a busy machine; a test that hangs has its own limit.
  testTimeout: 120_000,
  testSequencer: "<rootDir>/test/support/longestFirst.js",
  // A worker keeps what each file has loaded; beyond this size it is replaced.
  workerIdleMemoryLimit: "1500MB",
  reporters: ["default", "<rootDir>/test/support/closingLine.js"],
  projects: ["unit", "integration", "e2e"].map((name) => ({
    ...base,
    displayName: name,
    rootDir: __dirname,
    testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
    ...(name === "unit" ? {} : { globalSetup: "<rootDir>/test/support/localEngine.ts" }),
  })),
};
