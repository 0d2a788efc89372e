import type { Report } from "../../engine/progress";

/** Standard output, to its end. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

/** Progress goes to standard error, a line each. */
export function sayProgress(): Report {
  return ({ step, message, percent }) => {
    const at = percent === undefined ? "" : ` ${percent.toFixed(0)} %`;
    process.stderr.write(`[${step}]${at} ${message}\n`);
  };
}
