/** Codes of refusals that pass by themselves: the primary was busy in that moment, or another run was. */
const passing = /^(PRIMARY_LAG|WORK_\w+|CTRL_LEASE_HELD|CTRL_LEASE_LOST|CUTOVER_TIMEOUT)$/;

export interface PassingRefusal {
  code: string;
  /** The whole message. */
  message: string;
}

/** A `pulumi up` that a guardrail refused. */
export interface Refusal extends PassingRefusal {
  /** ISO 8601. */
  at: string;
  /** What was being done, such as `active green`. */
  during: string;
}

/** The error that a run of Pulumi printed, if its code is one that passes by itself. */
export function passingRefusal(output: string): PassingRefusal | undefined {
  for (const [, message = ""] of output.matchAll(/\berror: (.*)/g)) {
    const code = /^([A-Z]+_[A-Z_]+): /.exec(message)?.[1];
    if (code && passing.test(code)) return { code, message };
  }
  return undefined;
}
