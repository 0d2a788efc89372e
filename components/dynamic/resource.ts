import * as pulumi from "@pulumi/pulumi";
import { Shim } from "./shim";

const shims = new Map<string, Shim>();

/** One provider for all resources of a handler: Pulumi serializes each provider once, and that is slow. */
function shimFor(handler: string): Shim {
  const shim = shims.get(handler) ?? new Shim(handler);
  shims.set(handler, shim);
  return shim;
}

/** A dynamic resource whose handler is in the table of the project's `stacks/provider`. */
export class HandledResource extends pulumi.dynamic.Resource {
  /** SHA-256 of the inputs at the last change. */
  declare readonly inputsHash: pulumi.Output<string>;

  /**
   * @param inputs Its slice of the move's description, its own arguments, and the names of its outputs with the value
   *   undefined.
   */
  constructor(
    handler: string,
    type: string,
    name: string,
    inputs: { spec: object } & Record<string, unknown>,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(shimFor(handler), name, { ...inputs, inputsHash: undefined }, opts, "wikiferry", type);
  }
}
