import { z } from "zod";

/** Inputs that the local and the remote command share. */
export const shared = {
  create: z.string().optional(),
  update: z.string().optional(),
  delete: z.string().optional(),
  stdin: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  triggers: z.array(z.unknown()).optional(),
  logging: z.enum(["stdout", "stderr", "stdoutAndStderr", "none"]).optional(),
  addPreviousOutputInEnv: z.boolean().optional(),
};

export interface SharedInputs {
  create?: string;
  update?: string;
  delete?: string;
  stdin?: string;
  environment?: Record<string, string>;
  triggers?: unknown[];
  logging?: "stdout" | "stderr" | "stdoutAndStderr" | "none";
  addPreviousOutputInEnv?: boolean;
}

export interface Output {
  stdout: string;
  stderr: string;
}

/** Runs one command line to its end. Rejects when it fails. */
export type Run<Inputs> = (
  inputs: Inputs,
  line: string,
  environment: Record<string, string>,
  onLine: (stream: "stdout" | "stderr", line: string) => void,
  signal: AbortSignal,
) => Promise<Output>;

/** The error of both resources for a failed command. It leaves out the command line, which may hold a secret. */
export function failure(where: string, outcome: string, { stdout, stderr }: Output): Error {
  const said = (stderr || stdout).split("\n").slice(-20).join("\n");
  return new Error(`the command ${where} should end with exit code 0, and ${outcome}${said && `:\n${said}`}`);
}
