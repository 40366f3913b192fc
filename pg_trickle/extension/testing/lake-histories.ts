// For tests only: random histories of a lake table, as SQL.
import fc from "fast-check";

/** Of the table that the statements below work on. */
export const DDL = "create table lake.main.t(k varchar, g integer, v bigint, p decimal(10,2), f boolean, d timestamp)";

const value = (...items: readonly string[]) => fc.constantFrom("null", ...items);
const row = fc
  .tuple(
    value("'a'", "'b'", "'ab'", "''"),
    value("1", "2", "-3"),
    value("1", "2", "9223372036854775807", "-5"),
    value("1.25", "-0.50", "99999999.99"),
    value("true", "false"),
    value("timestamp '2026-01-15 10:00:00'", "timestamp '2026-02-01 00:00:00'"),
  )
  .map((cells) => `(${cells.join(", ")})`);
const condition = fc.constantFrom(
  "true",
  "k = 'a'",
  "k is null",
  "v > 1",
  "g = 2",
  "p < 0",
  "f",
  "rowid % 2 = 0",
  "rowid % 3 = 1",
);
const assignment = fc.constantFrom(
  "k = 'b'",
  "k = null",
  "v = g",
  "v = null",
  "p = -p",
  "g = -g",
  "f = not f",
  "d = d + interval 20 day",
  "k = k",
);
const statement = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(row, { minLength: 1, maxLength: 6 })
      .map((rows) => `insert into lake.main.t values ${rows.join(", ")}`),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(assignment, condition).map(([set, where]) => `update lake.main.t set ${set} where ${where}`),
  },
  { weight: 2, arbitrary: condition.map((where) => `delete from lake.main.t where ${where}`) },
);
const transaction = fc.array(statement, { minLength: 1, maxLength: 4 });
export const history = fc.record({
  inlining: fc.constantFrom(0, 0, 20),
  first: fc.array(row, { minLength: 1, maxLength: 40 }),
  steps: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: transaction },
      { weight: 1, arbitrary: fc.constant(["call ducklake_merge_adjacent_files('lake')"]) },
      { weight: 1, arbitrary: fc.constant(["call ducklake_flush_inlined_data('lake')"]) },
    ),
    { minLength: 3, maxLength: 9 },
  ),
  bounds: fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 2, maxLength: 2 }),
});
