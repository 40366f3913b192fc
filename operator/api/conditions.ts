/** Conditions of a StreamTableRewind: for machines. `Ready`, `Reconciling` and `Stalled` follow kstatus. */
import { z } from "zod";

export const conditionTypes = [
  "Ready",
  "Reconciling",
  "Stalled",
  "Planned",
  "Approved",
  "Rewound",
  "Verified",
  "Resumed",
] as const;

export type ConditionType = (typeof conditionTypes)[number];

export const conditionSchema = z.object({
  type: z.string().min(1).max(316).describe("Which condition: Ready, Reconciling, Stalled, Planned, Approved, …"),
  status: z.enum(["True", "False", "Unknown"]),
  observedGeneration: z.int().min(0).optional(),
  lastTransitionTime: z.iso.datetime({ offset: true }).describe("When status last changed."),
  reason: z.string().min(1).max(1024).describe("Why, in one PascalCase word."),
  message: z.string().max(32768).describe("Why, for people: thing, value and way out."),
});

export type Condition = z.infer<typeof conditionSchema>;
