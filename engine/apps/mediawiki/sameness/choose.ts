import type { LoggedRequest } from "./accessLog";
import { isHarmless } from "./harmless";
import { type Paths, shapeOf } from "./shape";
import type { Address } from "./types";

/** A request of the log that may be sent again. */
export interface Candidate {
  address: Address;
  count: number;
}

/** The log's requests that may be sent again, each with its shape. */
export function candidates(requests: readonly LoggedRequest[], site: Paths): Candidate[] {
  return requests.flatMap(({ method, target, count }) =>
    isHarmless(method, target, site)
      ? [
          {
            count,
            address: {
              method: method as "GET" | "HEAD",
              path: target,
              shape: shapeOf(target, site),
              as: "anonymous",
            },
          },
        ]
      : [],
  );
}

/** Share of the addresses that the log gets at least, where it has as many. */
const loggedShare = 0.4;

/**
 * Picks `limit` addresses: what every wiki is asked for, then the most frequent of each shape in the log, the most
 * frequent shapes first, then the most frequent of the rest.
 */
export function choose(known: readonly Address[], logged: readonly Candidate[], limit: number): Address[] {
  const byShape = new Map<string, Candidate[]>();
  for (const one of logged) {
    const key = `${one.address.method} ${one.address.shape}`;
    byShape.set(key, [...(byShape.get(key) ?? []), one]);
  }
  const descending = (a: Candidate, b: Candidate) => b.count - a.count;
  const sum = (of: Candidate[]) => of.reduce((total, { count }) => total + count, 0);
  const shapes = [...byShape.values()].map((of) => of.sort(descending)).sort((a, b) => sum(b) - sum(a));
  const first = shapes.flatMap(([one]) => (one ? [one] : []));
  const rest = shapes.flatMap(([, ...others]) => others).sort(descending);
  const asked = new Set(known.map(keyOf));
  const ofLog = [...first, ...rest].map(({ address }) => address).filter((one) => !asked.has(keyOf(one)));
  const least = Math.min(ofLog.length, Math.ceil(limit * loggedShare));
  return unique([...known.slice(0, Math.max(1, limit - least)), ...ofLog]).slice(0, limit);
}

/** Each question once. */
export function unique(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map((one) => [keyOf(one), one])).values()];
}

const keyOf = ({ as, method, path }: Address) => `${as} ${method} ${path}`;
