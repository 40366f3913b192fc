import { describe, expect, it } from "vitest";
import { parsePsqlOutput } from "./psql-output.ts";

describe("what psql prints", () => {
  it("is cut into results by their footers", () => {
    const output = "a\u001fb\n1\u001f2\n3\u001f4\n(2 rows)\nUPDATE 1\nc\nx\n(1 row)\n";
    expect(parsePsqlOutput(output)).toEqual([
      {
        columns: ["a", "b"],
        rows: [
          ["1", "2"],
          ["3", "4"],
        ],
      },
      { columns: ["c"], rows: [["x"]] },
    ]);
  });

  it("may be a result without rows, or nothing", () => {
    expect(parsePsqlOutput("a\n(0 rows)\n")).toEqual([{ columns: ["a"], rows: [] }]);
    expect(parsePsqlOutput("")).toEqual([]);
  });

  it("keeps an empty value, which is also how psql shows null and void", () => {
    expect(parsePsqlOutput("pause_scheduler\n\n(1 row)\n")).toEqual([{ columns: ["pause_scheduler"], rows: [[""]] }]);
  });
});
