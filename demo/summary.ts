// The rows of event_summary as the demo reads them, from PostgreSQL and from DuckDB alike, and how two readings differ. Pure.
// Counts and sums stay text: a sum that went through a double would make two different tables look equal.

export interface SummaryRow {
  readonly event_type: string;
  readonly event_count: string;
  readonly total_value: string;
}

export type Summary = readonly SummaryRow[];

export const CORRUPTED = "CORRUPTED_EVENT";

function compareText(left: string, right: string): number {
  // By code unit, as COLLATE "C" orders ASCII; the locale of this process must not matter.
  if (left === right) {
    return 0;
  }
  return left < right ? -1 : 1;
}

export function toSummary(rows: readonly Readonly<Record<keyof SummaryRow, unknown>>[]): Summary {
  return rows
    .map((row) => ({
      event_type: String(row.event_type),
      event_count: String(row.event_count),
      total_value: String(row.total_value),
    }))
    .sort((left, right) => compareText(left.event_type, right.event_type));
}

const show = (row: SummaryRow) => `${row.event_type} ${row.event_count} ${row.total_value}`;

/** What `actual` has and `expected` has not, and the other way round, as lines to print; empty = the same multiset. */
export function differences(actual: Summary, expected: Summary): string[] {
  const left = new Map<string, number>();
  for (const row of actual) {
    left.set(show(row), (left.get(show(row)) ?? 0) + 1);
  }
  for (const row of expected) {
    left.set(show(row), (left.get(show(row)) ?? 0) - 1);
  }
  return [...left].flatMap(([text, count]) =>
    Array.from({ length: Math.abs(count) }, () => (count > 0 ? `unexpected: ${text}` : `missing:    ${text}`)),
  );
}

export function hasCorruption(summary: Summary): boolean {
  return summary.some((row) => row.event_type === CORRUPTED);
}

export function eventCount(summary: Summary): bigint {
  return summary.reduce((sum, row) => sum + BigInt(row.event_count), 0n);
}
