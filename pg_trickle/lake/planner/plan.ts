// The plan that the extension sends: JSON text, checked here.
import { z } from "zod";
import { badPlan } from "./refusal.ts";
import type { Plan } from "./types.ts";

const SCHEMA = z
  .strictObject({
    sql: z.string().min(1).optional(),
    tables: z.record(z.string(), z.string()).default({}),
    settings: z.strictObject({ TimeZone: z.string().min(1).max(100).optional() }).default({}),
    shape: z.enum(["rows", "state"]).default("rows"),
    table: z.string().min(1).optional(),
    max_rows: z.int().positive().optional(),
    columns: z.record(z.string(), z.string()).optional(),
  })
  .refine((plan) => (plan.sql === undefined) !== (plan.table === undefined), "a plan has either sql or table");

export function readPlan(planText: string): Plan {
  const checked = SCHEMA.safeParse(parseJson(planText));
  if (!checked.success) {
    return badPlan(
      `the plan is wrong: ${checked.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ")}`,
    );
  }
  const plan = checked.data;
  const settings = Object.entries(plan.settings).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    sql: plan.sql ?? null,
    tables: new Map(Object.entries(plan.tables)),
    settings: new Map(settings),
    shape: plan.shape,
    table: plan.table ?? null,
    maxRows: plan.max_rows ?? null,
    columns: plan.columns === undefined ? null : new Map(Object.entries(plan.columns)),
  };
}

function parseJson(planText: string): unknown {
  try {
    return JSON.parse(planText) as unknown;
  } catch {
    return badPlan("the plan is not JSON");
  }
}
