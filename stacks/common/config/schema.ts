import { z } from "zod";
import { weaknessOf } from "./strength";

/**
 * The schema of a kind's config: nested strict objects of texts, integers and flags. Each key has a description. The
 * reader, Pulumi.yaml, the editors' schema, the docs and the error texts are generated from it.
 */
export type ConfigSchema<C = unknown> = z.ZodType<C>;

/** What a number counts. */
export type Unit = "milliseconds" | "seconds" | "days" | "per cent" | "bytes per second";

/** What a key's `meta` holds besides its description. */
export interface KeyMeta {
  unit?: Unit;
  /** Encrypted in the stack's file, never shown. */
  secret?: boolean;
  /** Must come from a random source. */
  random?: boolean;
}

export const text = (description: string) =>
  z.string("must be a text").min(1, "must not be empty").meta({ description });

/** A text in a certain form, which its error shows with an example. */
export const matching = (pattern: RegExp, example: string, description: string) =>
  z.string("must be a text").regex(pattern, `must look like ${example}`).meta({ description });

export const secret = (description: string) => text(description).meta({ description, secret: true });

/** A secret in which `weaknessOf` finds no weakness. */
export const randomSecret = (description: string) =>
  z
    .string("must be a text")
    .superRefine((value, context) => {
      const weakness = weaknessOf(value);
      if (weakness !== undefined)
        context.addIssue({ code: "custom", message: weakness, params: { weak: true } });
    })
    .meta({ description, secret: true, random: true });

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  z.enum(values, `must be one of ${values.join(", ")}`).meta({ description });

/** An integer within bounds. */
export const integer = (description: string, min: number, max: number, unit?: Unit) =>
  z
    .int("must be a whole number")
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`)
    .meta({ description, ...(unit ? { unit } : {}) });

export const flag = (description: string) => z.boolean("must be true or false").meta({ description });

/** Keys under a common name. Missing keys are reported by their own names, not by the section's. */
export const section = <S extends z.core.$ZodLooseShape>(description: string, shape: S) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .meta({ description });
