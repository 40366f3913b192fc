/** The stream tables whose rows are compared: what the README and docs/sql.md offer, over two sources. */

export interface StreamTable {
  readonly name: string;
  readonly query: string;
  readonly mode: "DIFFERENTIAL" | "FULL";
}

export const STREAM_TABLES: readonly StreamTable[] = [
  {
    name: "by_kind",
    query:
      "select k, count(*) as n, count(v) as known, sum(v) as total, avg(v) as mean from lake.events where v is distinct from 13 group by k",
    mode: "DIFFERENTIAL",
  },
  {
    name: "totals",
    query: "select count(*) as n, count(v) as known, sum(v) as total from lake.events",
    mode: "DIFFERENTIAL",
  },
  {
    name: "by_owner",
    query: "select owner, k, count(*) as n, sum(v * 2) as twice from lake.events where v > 2 group by owner, k",
    mode: "DIFFERENTIAL",
  },
  {
    name: "items_by_kind",
    query: "select k, count(*) as n, sum(v) as total from lake.items group by k",
    mode: "DIFFERENTIAL",
  },
  {
    name: "high_rows",
    query: "select id, k, v from lake.events where v > 8 or v is null",
    mode: "FULL",
  },
  {
    name: "joined",
    query:
      "select e.k, count(*) as pairs, sum(i.v) as total from lake.events as e join lake.items as i on i.k = e.k group by e.k",
    mode: "FULL",
  },
];

export const STREAM_NAMES: readonly string[] = STREAM_TABLES.map(({ name }) => name);

/** The same query, over the model. */
export function modelQuery({ query }: StreamTable): string {
  return query.replaceAll("lake.", "model.");
}

/** Names the lake tables that it reads. */
export function sourcesOf({ query }: StreamTable): string[] {
  return [...new Set([...query.matchAll(/lake\.(\w+)/g)].map(([, name]) => name as string))];
}
