import * as pulumi from "@pulumi/pulumi";
import { WikiferryError } from "../../engine/errors";
import { refusePlainSecrets } from "./config/read";
import { type Kinds, readStack } from "./kind";

interface ConfigRuntime {
  allConfig(): Record<string, string>;
  isConfigSecret(key: string): boolean;
}

/** A Pulumi program: reads the stack's config, and declares the resources of its kind. For `export =`. */
export async function runProgram(kinds: Kinds): Promise<Record<string, unknown>> {
  const { allConfig, isConfigSecret } = pulumi.runtime as unknown as ConfigRuntime;
  const project = pulumi.getProject();
  try {
    const { kind, config } = readStack(kinds, allConfig(), project);
    refusePlainSecrets(kind.schema, allConfig(), isConfigSecret, project);
    return await kind.program(config, process.cwd());
  } catch (error) {
    // Shown as one line, without a stack trace: it says what to do.
    throw error instanceof WikiferryError ? new pulumi.RunError(error.message) : error;
  }
}
