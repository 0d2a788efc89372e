import { campaign } from "../../../scripts/faults/campaign";
import { faults } from "../../../scripts/faults/faults";
import { format } from "../../../scripts/faults/report";

test("flips under load lose and double nothing and never have two writers, whatever breaks", async () => {
  const lines: string[] = [];
  const report = await campaign({ runs: faults.length, seed: 30, json: false, list: false }, (line) =>
    lines.push(line),
  );
  console.log(format(report));
  // What a failed run did, and how to repeat it, is in the lines.
  if (!report.ok) console.error(lines.join("\n"));
  expect(report.failures.map(({ index, fault, problems }) => ({ index, fault, problems }))).toEqual([]);
  expect(report.perFault.filter(({ runs }) => runs === 0).map(({ name }) => name)).toEqual([]);
  expect(report).toMatchObject({ ok: true, runs: faults.length });
}, 1_200_000);
