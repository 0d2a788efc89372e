import { campaign } from "../../../../../scripts/faults/campaign";
import { databaseFaults } from "../../../../../scripts/faults/faults/databases";
import { machineFaults } from "../../../../../scripts/faults/faults/machines";
import { networkFaults } from "../../../../../scripts/faults/faults/network";
import { toolFaults } from "../../../../../scripts/faults/faults/tool";
import { format } from "../../../../../scripts/faults/report";

/** A part of a round; `npm run faults` runs them all. */
const runs = 12;

test("flips under load lose and double nothing and never have two writers, whatever breaks", async () => {
  const lines: string[] = [];
  const report = await campaign({ runs, seed: 30, json: false, list: false }, (line) => lines.push(line));
  console.log(format(report));
  // What a failed run did, and how to repeat it, is in the lines.
  if (!report.ok) console.error(lines.join("\n"));
  expect(report.failures.map(({ index, fault, problems }) => ({ index, fault, problems }))).toEqual([]);
  expect(report).toMatchObject({ ok: true, runs });
  const happened = new Set(report.perFault.filter((one) => one.runs > 0).map(({ name }) => name));
  for (const family of [toolFaults, networkFaults, machineFaults, databaseFaults])
    expect(family.some(({ name }) => happened.has(name))).toBe(true);
}, 1_200_000);
