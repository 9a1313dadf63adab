/** What a list of measurements says: the middle, and how far it spreads. */

/** Times of one contender, in milliseconds. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  /** A tenth of the measurements is below this. */
  readonly p10: number;
  /** A tenth of the measurements is above this. */
  readonly p90: number;
}

/** The value below which the given share of the measurements lies, between neighbours by straight line; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export function summarize(values: readonly number[]): Summary {
  return {
    count: values.length,
    median: quantile(values, 0.5),
    p10: quantile(values, 0.1),
    p90: quantile(values, 0.9),
  };
}
