import type { Report } from "../../engine/progress";

/** Writes to standard output and waits until it is flushed. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

/** Progress goes to standard error, one line each. */
export function sayProgress(): Report {
  return ({ step, message, percent }) => {
    const at = percent === undefined ? "" : ` ${percent.toFixed(0)} %`;
    process.stderr.write(`[${step}]${at} ${message}\n`);
  };
}
