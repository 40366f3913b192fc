import { expect, test } from "vitest";
import { readDataPathMismatch } from "./catalog-data-path.ts";

test("DuckLake's refusal of a catalog that has another data path names both, and never DuckLake's own advice", () => {
  const said = new Error(
    `Invalid Configuration Error: DATA_PATH parameter "s3://new/lake/" does not match existing data path in the catalog "/mnt/d'or/".\nYou can override the DATA_PATH by setting OVERRIDE_DATA_PATH to True.`,
  );
  expect(readDataPathMismatch(said, "ducklake")?.message).toBe(
    "the lake's catalog has the data path /mnt/d'or/, and the lake engine is set to s3://new/lake/. Set LAKE_DATA_PATH (in the chart pgTrickle.lake.s3.bucket and .prefix) to the catalog's. Or, if the files were moved, stop all clients and run in PostgreSQL: update ducklake.ducklake_metadata set value = 's3://new/lake/' where key = 'data_path';",
  );
});

test("another error is none", () => {
  expect(readDataPathMismatch(new Error("IO Error: no such catalog"), "ducklake")).toBeNull();
});
