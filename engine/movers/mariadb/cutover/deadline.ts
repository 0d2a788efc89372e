import { WikiferryError } from "../../../errors";

/** The end of an attempt. */
export class Deadline {
  private readonly end: number;

  constructor(private readonly boundMs: number) {
    this.end = performance.now() + boundMs;
  }

  /** Time left in milliseconds, at least 1, so that it can be used as a timeout. */
  leftMs(): number {
    return Math.max(1, this.end - performance.now());
  }

  /** The result of `work`. @throws `CUTOVER_TIMEOUT` once the time is up; that does not stop `work` */
  async bound<T>(name: string, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new WikiferryError(
              "CUTOVER_TIMEOUT",
              `the attempt was not over after ${this.boundMs} ms; it was at: ${name}`,
              "It was undone. See what is slow there, or raise tuning.cutover.attemptMs",
            ),
          ),
        this.leftMs(),
      );
    });
    try {
      return await Promise.race([work, over]);
    } finally {
      clearTimeout(timer);
    }
  }
}
