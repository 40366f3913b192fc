/** The JSON of a contradiction, as plans and results of pg_trickle have it, bounded to what a status may hold. */
import { z } from "zod";
import { type Contradiction, contradictionSample } from "../api/status.ts";
import { cut } from "../core/texts.ts";

export const contradictionJson = z.object({
  recorded: z.object({
    row_count: z.number(),
    fingerprint: z.string(),
    refresh_id: z.number(),
    at: z.coerce.date(),
  }),
  lake: z.object({ row_count: z.number(), fingerprint: z.string() }),
  taken: z.enum(["recorded", "lake"]).nullish(),
  sample: z.array(z.object({ change: z.string(), row: z.unknown() })).nullish(),
});

const rowLimit = 300;

export function contradictionOf(json: z.infer<typeof contradictionJson> | null | undefined): Contradiction | undefined {
  if (json === null || json === undefined) return undefined;
  const { recorded, lake, taken, sample } = json;
  return {
    recorded: {
      rowCount: recorded.row_count,
      fingerprint: recorded.fingerprint,
      refreshId: recorded.refresh_id,
      at: recorded.at.toISOString(),
    },
    lake: { rowCount: lake.row_count, fingerprint: lake.fingerprint },
    ...(taken && { taken }),
    ...(sample && {
      sample: sample
        .slice(0, contradictionSample)
        .map(({ change, row }) => ({ change, row: cut(JSON.stringify(row), rowLimit) })),
    }),
  };
}
