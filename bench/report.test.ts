import { describe, expect, it } from "vitest";
import { formatRows, renderFigures, replaceFigures } from "./report.ts";
import { formatMs, formatRate, median, quantile } from "./statistics.ts";

describe("the benchmark's statistics", () => {
  it("take the nearest rank", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2);
    expect(quantile([...Array(100).keys()], 0.99)).toBe(98);
    expect(quantile([7], 0.99)).toBe(7);
  });

  it("have units", () => {
    expect([formatMs(1.234), formatMs(123.4), formatRate(41234.5)]).toEqual(["1.2 ms", "123 ms", "41,235 rows/s"]);
  });
});

describe("the page of figures", () => {
  const machine = {
    cpu: "a CPU",
    cores: 2,
    memoryGib: 8,
    system: "Linux",
    load: 0.25,
    date: "2026-11-22",
    versions: "PostgreSQL 18.4",
  };
  const figure = {
    rows: "10^6",
    what: "FULL rewind",
    ours: "40.0 ms",
    peers: ["raw DuckDB 19.0 ms", "x | y"],
    ratio: "2.1",
    goal: "1.2 × + 30 ms",
    isMet: false,
  };

  it("is a table, with the machine above it and a missed goal in bold", () => {
    const lines = renderFigures([figure], machine).split("\n");
    expect(lines[0]).toBe("2026-11-22, a CPU, 2 cores, 8 GiB, Linux; load 0.3 before the run; PostgreSQL 18.4.");
    expect(lines.at(-1)).toBe(
      "| 10^6 | FULL rewind | 40.0 ms | raw DuckDB 19.0 ms; x \\| y | 2.1 | 1.2 × + 30 ms | **no** |",
    );
  });

  it("replaces what is between the markers and nothing else", () => {
    const page = "before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n";
    expect(replaceFigures(page, "new")).toBe("before\n<!-- figures -->\nnew\n<!-- /figures -->\nafter\n");
    expect(() => replaceFigures("nothing", "new")).toThrow("has no");
  });

  it("writes round numbers as powers of ten", () => {
    expect([formatRows(100_000), formatRows(10_000_000), formatRows(1500)]).toEqual(["10^5", "10^7", "1500"]);
  });
});
