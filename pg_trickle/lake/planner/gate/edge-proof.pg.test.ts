/**
 * The gate's promise over edge values: whatever it lets through, of every function, operator, cast and aggregate and every combination of
 * types, has the same text in DuckDB as in PostgreSQL. Where PostgreSQL has an answer and DuckDB an error nothing wrong is told; the other
 * way round is a difference.
 *
 * Not all of it is kept yet. edge-differences.txt has the queries that are known to differ: a new one fails, and one that no longer differs has to
 * leave the list. EDGES=write writes it anew.
 */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type {} from "../../../../test/support/provided.ts";
import { EdgeEngines } from "../../testing/edge-engines.ts";
import { BINARY, QUERIES, UNARY } from "./edge-templates.ts";
import { EDGE_TYPES, type EdgeType } from "./edge-values.ts";

const KNOWN = new URL("edge-differences.txt", import.meta.url);
const asked = process.env["EDGES"];
if (asked === undefined) process.stderr.write("edge values: run by `make test-edges` alone, it takes about a minute\n");

const filled = (template: string): string => template.replace(/\bA\b/g, "a.v").replace(/\bB\b/g, "b.v");

type Case = readonly [sql: string, a: EdgeType, b: EdgeType];

const CASES: readonly Case[] = EDGE_TYPES.flatMap((a) => [
  ...UNARY.map((template): Case => [`select a.k as k, ${filled(template)} as r from public.a a`, a, a]),
  ...BINARY.flatMap((template) =>
    EDGE_TYPES.map(
      (b): Case => [`select a.k * 100 + b.k as k, ${filled(template)} as r from public.a a, public.b b`, a, b],
    ),
  ),
  ...QUERIES.map((template): Case => [filled(template), a, a]),
]);

describe.skipIf(asked === undefined)("edge values", () => {
  let engines: EdgeEngines;

  beforeAll(async () => {
    engines = await EdgeEngines.open(EDGE_TYPES, inject("postgres"));
  });

  afterAll(async () => {
    process.stderr.write(`edge values: ${engines.summary()}\n`);
    await engines.close();
  });

  test("differ only where that is known", { timeout: 600_000 }, async () => {
    const found: string[] = [];
    for (const [sql, a, b] of CASES) {
      const differences = await engines.differences(sql, a, b);
      if (differences.length > 0) found.push(sql.replaceAll("public.a", a.name).replaceAll("public.b", b.name));
    }
    const list = `${[...new Set(found)].sort().join("\n")}\n`;
    if (asked === "write") await writeFile(KNOWN, list);
    expect(list.split("\n")).toEqual((await readFile(KNOWN, "utf8")).split("\n"));
  });
});
