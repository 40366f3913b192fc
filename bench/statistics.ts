// Order statistics of a handful of timings. Pure.

function sorted(values: readonly number[]): number[] {
  return [...values].sort((left, right) => left - right);
}

/** The value that a share of the sample does not exceed (nearest rank). */
export function quantile(values: readonly number[], share: number): number {
  const ordered = sorted(values);
  const rank = Math.max(1, Math.ceil(share * ordered.length));
  return ordered[rank - 1] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** As 12.3 ms below 100 ms, in whole milliseconds above. */
export function formatMs(milliseconds: number): string {
  return milliseconds < 100 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
}

export function formatRate(rowsPerSecond: number): string {
  return `${String(Math.round(rowsPerSecond)).replace(/\B(?=(\d{3})+$)/g, ",")} rows/s`;
}
