// What a delta reads, as the extension sends it: the difference of two states of a lake table, file by file. Checked here.
import { z } from "zod";
import { badPlan } from "./refusal.ts";

const deletions = z.strictObject({
  path: z.string().min(1).optional(),
  relative: z.boolean().optional(),
  count: z.number().int().min(0),
  begin: z.number().int().min(0).optional(),
  dated: z.boolean().optional(),
  positions: z.array(z.number().int().min(0)).default([]),
  snapshots: z.array(z.number().int().min(0)).default([]),
});

const file = z.strictObject({
  kind: z.enum(["added", "removed", "changed", "since"]),
  path: z.string().min(1),
  relative: z.boolean(),
  rows: z.number().int().min(0),
  bytes: z.number().int().min(0),
  dated: z.boolean(),
  begin: z.number().int().min(0),
  first_row_id: z.number().int().min(0).optional(),
  old: deletions.optional(),
  new: deletions.optional(),
});

const delta = z.strictObject({
  table: z.string().min(1),
  files: z.array(file),
  columns: z.array(
    z.strictObject({ name: z.string(), id: z.number().int(), initial: z.string().nullable().default(null) }),
  ),
  since: z.number().int().min(0),
  consumed: z.number().int().min(0),
  inlined: z
    .strictObject({
      old: z.number().int().min(0),
      old_rows: z.number().int().min(0),
      new: z.number().int().min(0),
      new_rows: z.number().int().min(0),
    })
    .nullable()
    .default(null),
});

const seal = z.strictObject({
  table: z.string().min(1),
  files: z.array(z.strictObject({ path: z.string().min(1), relative: z.boolean() })),
});

export type Deletions = z.output<typeof deletions>;
export type ReadFile = z.output<typeof file>;
export type DeltaReads = z.output<typeof delta>;
export type SealReads = z.output<typeof seal>;

export function readDeltaReads(document: string): DeltaReads {
  return check(delta, document);
}

export function readSealReads(document: string): SealReads {
  return check(seal, document);
}

function check<T extends z.ZodType>(schema: T, document: string): z.output<T> {
  const checked = schema.safeParse(parse(document));
  if (checked.success) return checked.data;
  const issues = checked.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  return badPlan(`what is to be read is wrong: ${issues.join("; ")}`);
}

function parse(document: string): unknown {
  try {
    return JSON.parse(document) as unknown;
  } catch {
    return badPlan("what is to be read is not JSON");
  }
}
