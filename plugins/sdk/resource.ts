import type { z } from "zod";
import type { Bag } from "./values";

/** What one call can use. */
export interface Call<Config> {
  config: Config;
  /** Shown under the resource in the terminal that runs `pulumi up`. */
  log: (line: string) => void;
  /** Aborted when the operator interrupts the run. */
  signal: AbortSignal;
}

/** One resource type of a provider: which inputs it accepts, and how it creates and changes the resource. */
export interface ResourceType<Config, Inputs> {
  inputs: z.ZodType<Inputs> & { shape: Record<string, z.ZodType> };
  /** Names of the outputs that are not inputs. */
  outputs: readonly string[];
  /** Inputs whose change needs a new resource. Every other input is updated in place. */
  replaceOn: readonly string[];
  /** Takes the resource's name and a random suffix, and returns a value for when the program gives none. */
  autoName?: string;
  /** Outputs that an update may change. */
  volatile?: readonly string[];
  /** Outputs that repeat parts of inputs. They are secret when one of `derivedFrom` is. */
  derived?: readonly string[];
  derivedFrom?: readonly string[];
  /** Default values. They are recorded as inputs. */
  defaults?: Bag;
  create(call: Call<Config>, inputs: Inputs): Promise<{ id: string; outputs: Bag }>;
  /** The resource as it is, or undefined where it is gone. `state` is empty in an import. */
  read(call: Call<Config>, id: string, state: Partial<Inputs> & Bag): Promise<Bag | undefined>;
  update(call: Call<Config>, id: string, state: Inputs & Bag, inputs: Inputs): Promise<Bag>;
  delete(call: Call<Config>, id: string, state: Inputs & Bag): Promise<void>;
}

/** A provider: its configuration, and its resource types by token. */
export interface ProviderDefinition<Config> {
  name: string;
  version: string;
  config: z.ZodType<Config> & { shape: Record<string, z.ZodType> };
  // biome-ignore lint/suspicious/noExplicitAny: each type has inputs of its own
  resources: Record<string, ResourceType<Config, any>>;
}

/** The resource exists but is not as it should be: the engine keeps it in its state. */
export class InitializationError extends Error {
  readonly reasons: string[];

  constructor(
    readonly id: string,
    readonly properties: Bag,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
    this.reasons = [reason];
  }
}
