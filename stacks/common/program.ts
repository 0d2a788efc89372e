import * as pulumi from "@pulumi/pulumi";
import { WikiferryError } from "../../engine/errors";
import { type Kinds, readStack } from "./kind";

/** A Pulumi program: reads the stack's config, and declares what its kind has. For `export =`. */
export async function runProgram(kinds: Kinds): Promise<Record<string, unknown>> {
  const { allConfig } = pulumi.runtime as unknown as { allConfig(): Record<string, string> };
  try {
    const { kind, config } = readStack(kinds, allConfig(), pulumi.getProject());
    return await kind.program(config, process.cwd());
  } catch (error) {
    // Shown as one line, without a stack: it says what to do.
    throw error instanceof WikiferryError ? new pulumi.RunError(error.message) : error;
  }
}
