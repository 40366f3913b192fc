// docs/reference/errors.md: every reason and every code of our own, with the way out, from where they are declared. Pure.
import { explanations } from "../../operator/api/reasons.ts";
import { REFUSED_QUERIES, TRICKLE_STATES } from "../../pg_trickle/extension/sqlstates.ts";
import { REFUSED } from "../../pg_trickle/lake/planner/refusal.ts";
import { LAKE_STATES } from "../../pg_trickle/lake/sqlstates.ts";
import { code, page, prose, table } from "./markdown.ts";

interface Explanation {
  readonly means: string;
  readonly wayOut: string;
}

function explained(head: string, entries: Readonly<Record<string, Explanation>>): string {
  const rows = Object.entries(entries).map(([name, { means, wayOut }]) => [code(name), prose(means), prose(wayOut)]);
  return table([head, "means", "way out"], rows);
}

export function errorsPage(): string {
  return page("Errors and reasons", "operator/api/reasons.ts, pg_trickle/extension/sqlstates.ts, pg_trickle/lake", [
    "A message names the thing, the value and the way out; read it first. This page has what stands beside the message.",
    "## Reasons of the operator",
    "In `status.reason`, in conditions, failures and events of a [StreamTableRewind](crd.md). An event of a change of phase has the phase as its reason. An empty way out: nothing is to be done.",
    explained("reason", explanations),
    "## SQLSTATEs of the extension",
    "Class `TR`. The way out in the HINT has names and values of the case. Codes of any other class are [PostgreSQL's](https://www.postgresql.org/docs/18/errcodes-appendix.html).",
    explained("code", TRICKLE_STATES),
    "## SQLSTATEs of the lake engine",
    "Class `LT`. They reach PostgreSQL through `postgres_fdw` with the same code, message and hint.",
    explained("code", LAKE_STATES),
    "## Why a query is refused",
    "In the DETAIL of `TR009` and `LT003`. In words: by the extension. `LG`: the lake engine does not run it; of a stream table PostgreSQL does. `LI`: it runs, but is not kept up to date by changes; mode `AUTO` recomputes it. `LQ`: its result is chance.",
    table(
      ["code", "refused is"],
      Object.entries({ ...REFUSED_QUERIES, ...REFUSED }).map(([name, what]) => [code(name), prose(what)]),
    ),
  ]);
}
