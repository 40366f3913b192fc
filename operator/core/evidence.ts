/**
 * Words for a contradiction: the lake gives other rows at the target now than were published and recorded there. Which of
 * them are taken is decided in the database; here it is told before and after. Pure.
 */
import type { StreamTableRewindSpec } from "../api/spec.ts";
import type { Contradiction, Plan, PlanTable, StreamTableRewindStatus } from "../api/status.ts";
import { counted, cut } from "./texts.ts";

const rowLimit = 200;

function amongThem({ sample }: Contradiction, change: string): string {
  const row = sample?.find((candidate) => candidate.change === change)?.row;
  return row === undefined ? "" : `, among them ${cut(row, rowLimit)}`;
}

function told(name: string, contradiction: Contradiction): string {
  const { lake, recorded } = contradiction;
  return (
    `${name}: the lake gives ${counted(lake.rowCount, "row")} there now (fingerprint ${lake.fingerprint}${amongThem(contradiction, "+")}), ` +
    `and refresh ${recorded.refreshId} published ${counted(recorded.rowCount, "row")} (fingerprint ${recorded.fingerprint}${amongThem(contradiction, "-")}) ` +
    `at ${recorded.at}`
  );
}

type Choice = Pick<StreamTableRewindSpec, "strategy" | "acceptContradiction">;

/** What a rewind by this spec does with it. */
function consequence({ strategy: way }: PlanTable, { strategy, acceptContradiction }: Choice): string {
  if (acceptContradiction) return "the lake's rows will be published (spec.acceptContradiction)";
  const keepsPublished = strategy === "Journal" || (strategy === "Auto" && (way === "Journal" || way === "Nothing"));
  return keepsPublished
    ? "the published rows will be taken, by the journal"
    : "the rewind will be refused: apply another object with strategy Journal, which takes the published rows where the journal reaches, or with acceptContradiction: true, which takes the lake's";
}

/** Undefined: nothing contradicts. */
export function plannedEvidence(plan: Plan, spec: Choice): string | undefined {
  const texts = plan.tables.flatMap((table) =>
    table.contradiction ? [`${told(table.name, table.contradiction)}; ${consequence(table, spec)}`] : [],
  );
  return texts.length === 0 ? undefined : texts.join(". ");
}

/** Of what was rewound. */
export function verifiedEvidence({ tables = [] }: StreamTableRewindStatus): string | undefined {
  const texts = tables.flatMap(({ name, contradiction }) => {
    if (contradiction === undefined) return [];
    const taken =
      contradiction.taken === "lake" ? "the lake's rows were published, as accepted" : "the published rows were taken";
    return [`${told(name, contradiction)}; ${taken}`];
  });
  return texts.length === 0 ? undefined : texts.join(". ");
}
