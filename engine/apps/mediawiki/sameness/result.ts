import type { Compared } from "./compare";
import type { Difference, Sameness } from "./types";

/** Shapes that the owner accepts, by name, with the reason. `**` at the end stands for whatever follows. */
export type Accepted = Readonly<Record<string, string>>;

/** Groups what differs by shape, and takes out what the owner accepts. Pure. */
export function conclude(
  compared: readonly Compared[],
  settings: readonly Difference[],
  accepted: Accepted,
): Sameness {
  const byShape = new Map<string, Compared[]>();
  for (const one of compared)
    byShape.set(one.address.shape, [...(byShape.get(one.address.shape) ?? []), one]);
  const found = [...byShape].flatMap(([shape, of]) => differenceOf(shape, of));
  const all = [...settings, ...found];
  const reasonFor = ({ shape }: Difference) => acceptedReason(shape, accepted);
  const unstable = [...byShape].flatMap(([shape, of]) => {
    const one = of.find((it) => it.unstable !== undefined);
    return one?.unstable && of.every(({ aspects }) => aspects.length === 0)
      ? [{ shape, reason: one.unstable }]
      : [];
  });
  return {
    asked: compared.length,
    shapes: byShape.size,
    same: compared.filter(({ aspects, unstable: why }) => aspects.length === 0 && why === undefined).length,
    different: all.filter((one) => reasonFor(one) === undefined),
    ignored: [
      ...all.flatMap((one) => {
        const reason = reasonFor(one);
        return reason === undefined ? [] : [{ shape: one.shape, reason }];
      }),
      ...unstable,
    ],
  };
}

function differenceOf(shape: string, of: readonly Compared[]): Difference[] {
  const different = of.filter(({ aspects }) => aspects.length > 0);
  const [one] = different;
  if (!one) return [];
  const diff = one.aspects.find((aspect) => aspect.diff)?.diff;
  return [
    {
      shape,
      example: one.address.path,
      what: one.aspects.map(({ what }) => what).join("; "),
      ...(diff ? { diff } : {}),
      addresses: different.length,
    },
  ];
}

/** The reason for which the owner accepts a shape; undefined if it is not accepted. */
export function acceptedReason(shape: string, accepted: Accepted): string | undefined {
  const exact = accepted[shape];
  if (exact !== undefined) return exact;
  const start = Object.keys(accepted).find((key) => key.endsWith("**") && shape.startsWith(key.slice(0, -2)));
  return start === undefined ? undefined : accepted[start];
}
