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
  type: z
    .string()
    .min(1)
    .max(316)
    .describe(`Which condition: ${conditionTypes.join(", ")}.`),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether it holds."),
  observedGeneration: z.int().min(0).optional().describe("metadata.generation that the condition is about."),
  lastTransitionTime: z.iso.datetime({ offset: true }).describe("When status last changed."),
  reason: z.string().min(1).max(1024).describe("Why, in one word for programs."),
  message: z.string().max(32768).describe("Why, for people: the thing, the value and the way out."),
});

export type Condition = z.infer<typeof conditionSchema>;
