import { z } from "zod";

type PulumiType = "string" | "integer" | "boolean";

/** A key of a stack's config. */
export interface Key<T> {
  schema: z.ZodType<T>;
  type: PulumiType;
  description: string;
  /** Without a default the key must be set. */
  fallback?: T;
  secret?: boolean;
  /** It must come from a random source: `strength.ts` looks at it. */
  random?: boolean;
}

interface Options {
  fallback?: string | number | boolean;
  secret?: boolean;
}

export const text = (description: string, options: Options & { fallback?: string } = {}): Key<string> => ({
  schema: options.fallback === "" ? z.string() : z.string().min(1, "must not be empty"),
  type: "string",
  description,
  ...options,
});

export const oneOf = <const T extends string>(
  values: readonly T[],
  description: string,
  fallback: T,
): Key<T> => ({
  schema: z.enum(values, { error: `must be one of ${values.join(", ")}` }) as unknown as z.ZodType<T>,
  type: "string",
  description: `${description} One of ${values.join(", ")}.`,
  fallback,
});

export const integer = (description: string, fallback: number, min: number, max: number): Key<number> => ({
  schema: z
    .number({ error: "must be a whole number" })
    .int("must be a whole number")
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`),
  type: "integer",
  description: `${description} ${min} to ${max}.`,
  fallback,
});

export const flag = (description: string, fallback: boolean): Key<boolean> => ({
  schema: z.boolean({ error: "must be true or false" }),
  type: "boolean",
  description,
  fallback,
});

export const matching = (
  pattern: RegExp,
  example: string,
  description: string,
  options: Options & { fallback?: string } = {},
) => ({
  ...text(description, options),
  schema: z.string().refine((value) => (options.fallback === "" && value === "") || pattern.test(value), {
    error: `must look like ${example}`,
  }),
});

/** Keys by the names that `pulumi config set --path` takes. */
export type Keys = Record<string, Key<never> | Key<string> | Key<number> | Key<boolean>>;

/** The values of keys. */
export type ConfigOf<K extends Keys> = {
  [N in keyof K]: K[N] extends { schema: z.ZodType<infer T> } ? T : never;
};
