import { describe, expect, it } from "vitest";
import { sampleLimit } from "../api/status.ts";
import { plannedOf } from "./planned.ts";

const table = {
  ...{ table: "public.event_summary", from: 57, to: 42, frontier: 57, strategy: "Journal", reason: "cheapest" },
  ...{ rows_changed: 1, estimated_cost_ms: 1.5, definition_hash: "d", row_count: 3, fingerprint: "f" },
  sources: [{ table: "lake.events", table_id: 1, schema_version: 1 }],
  sample: [{ change: "-", row: { event_type: "CORRUPTED_EVENT", event_count: 1000 } }],
};
const commit = { snapshot_id: 43, time: "2026-11-22T12:00:00+00:00", author: null, message: null, changes: "inserted" };

function makePlanned(overrides: object = {}): object {
  return {
    ...{ target: 42, head: 57, oldest: 0, system_identifier: "7", timeline: 1 },
    ...{ tables: [table], commits_undone: [commit], commits_undone_count: 1 },
    ...overrides,
  };
}

const contradiction = {
  recorded: { row_count: 105, fingerprint: "105-a", refresh_id: 3, at: "2026-11-22T11:00:00+00:00" },
  lake: { row_count: 135, fingerprint: "135-b" },
  sample: [
    { change: "-", row: { k: "a", n: 105 } },
    ...Array.from({ length: 9 }, () => ({ change: "+", row: "x".repeat(999) })),
  ],
};

describe("plannedOf", () => {
  it("reads what contradicts, bounded", () => {
    const [planned] = plannedOf(makePlanned({ tables: [{ ...table, contradiction }] })).tables;
    expect(planned?.contradiction).toMatchObject({
      recorded: { rowCount: 105, fingerprint: "105-a", refreshId: 3, at: "2026-11-22T11:00:00.000Z" },
      lake: { rowCount: 135, fingerprint: "135-b" },
    });
    expect(planned?.contradiction?.sample?.[0]).toEqual({ change: "-", row: '{"k":"a","n":105}' });
    expect(JSON.stringify(planned?.contradiction?.sample).length).toBeLessThan(1500);
    const none = plannedOf(makePlanned({ tables: [{ ...table, contradiction: null }] })).tables[0];
    expect(none).not.toHaveProperty("contradiction");
  });

  it("reads a plan, rows as text", () => {
    expect(plannedOf(makePlanned())).toEqual({
      ...{ target: 42, head: 57, oldest: 0, systemIdentifier: "7", timeline: 1, rowsChanged: 1, commitsUndoneCount: 1 },
      commitsUndone: [{ snapshotId: 43, time: "2026-11-22T12:00:00+00:00", changes: "inserted" }],
      tables: [
        {
          ...{ name: "public.event_summary", from: 57, to: 42, strategy: "Journal", reason: "cheapest" },
          ...{ rowsChanged: 1, estimatedCostMs: 1.5, definitionHash: "d" },
          sources: [{ table: "lake.events", tableId: 1, schemaVersion: 1 }],
          sample: [{ change: "-", row: '{"event_type":"CORRUPTED_EVENT","event_count":1000}' }],
        },
      ],
    });
  });

  it("is a plan as well when the lake could not be asked for rows", () => {
    const unknown = { ...table, rows_changed: null, sample: [], rows_error: { code: "TR014", message: "no answer" } };
    const planned = plannedOf(makePlanned({ tables: [unknown] }));
    expect(planned.rowsChanged).toBeUndefined();
    expect(planned.tables[0]).not.toHaveProperty("rowsChanged");
  });

  it("fits into a status: commits, rows and texts are bounded", () => {
    const many = Array.from({ length: 100 }, (_, index) => ({
      ...commit,
      snapshot_id: index,
      message: "x".repeat(5_000),
    }));
    const rows = Array.from({ length: 100 }, () => ({ change: "+", row: { text: "x".repeat(5_000) } }));
    const planned = plannedOf(
      makePlanned({ commits_undone: many, commits_undone_count: 100, tables: [{ ...table, sample: rows }] }),
    );
    expect(planned.commitsUndone).toHaveLength(sampleLimit);
    expect(planned.commitsUndoneCount).toBe(100);
    expect(planned.tables[0]?.sample).toHaveLength(sampleLimit);
    expect(JSON.stringify(planned).length).toBeLessThan(100_000);
  });

  it("leaves room in an object of 1.5 MB also with all the tables that there may be, whatever their rows say", () => {
    const row = { change: "+", row: { text: "\u{1f9ca}".repeat(5_000) } };
    const tables = Array.from({ length: 16 }, () => ({ ...table, sample: Array.from({ length: 20 }, () => row) }));
    const planned = plannedOf(makePlanned({ tables }));
    expect(Buffer.byteLength(JSON.stringify(planned))).toBeLessThan(300_000);
    expect(planned.tables.every(({ sample }) => sample?.every((shown) => shown.row.isWellFormed()))).toBe(true);
  });
});
