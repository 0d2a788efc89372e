import { runDoctor } from "./setup/doctor";

runDoctor(process.argv.includes("--json")).then(
  (healthy) => {
    process.exitCode = healthy ? 0 : 1;
  },
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  },
);
