#!/bin/sh
# Guess: a join with a small table of row numbers reads as little of a Parquet file as the same numbers in a constant IN list.
# Fact: up to 50 numbers it does. From 51 on the join pushes down only their minimum and maximum: with numbers at both ends of the file,
#   every row is read. `in (select ...)` is such a join too. A constant list of 500 still skips the same rows; so does the join after
#   set dynamic_or_filter_threshold = 100000 (default 50).
# Why it matters: looking up rows by position is instant in each test and a full scan on the day when there are 51 of them.
# Seen with DuckDB 1.5.5, one thread; the numbers are the rows that READ_PARQUET hands on, from explain analyze.
#
# Exit: 0 the behaviour is as below, 1 it has changed, 2 the package could not be installed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
cd "$work"
PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-input --target packages duckdb==1.5.5 || exit 2

cat >expected <<'END'
DuckDB 1.5.5
 50 row numbers: constant list    2624, join    2624, in (select)    2624
 51 row numbers: constant list    2624, join 1000000, in (select) 1000000
500 row numbers: constant list    2624, join 1000000, in (select) 1000000
dynamic_or_filter_threshold = 100000
500 row numbers: constant list    2624, join    2624, in (select)    2624
END

PYTHONPATH=packages python3 - >seen <<'END'
import json

import duckdb

ROWS = 1_000_000
duck = duckdb.connect(config={"threads": 1})
duck.execute(f"copy (select i as id, hash(i) as payload from range({ROWS}) r(i)) to 'rows.parquet'")


def plan_nodes(node):
    yield node
    for child in node.get("children", []):
        yield from plan_nodes(child)


def rows_read(condition):
    plan = duck.execute(
        f"""explain (analyze, format json)
        select max(payload) from read_parquet('rows.parquet', file_row_number = true) {condition}"""
    ).fetchone()[1]
    return sum(
        node["operator_cardinality"]
        for node in plan_nodes(json.loads(plan))
        if node.get("operator_name", "").strip() == "READ_PARQUET"
    )


def compare(count):
    half = count // 2  # One half at the start of the file, the other at its end.
    numbers = [*range(half), *range(ROWS - (count - half), ROWS)]
    duck.execute("create or replace table picks as select unnest(?::bigint[]) as number", [numbers])
    by_list = rows_read(f"where file_row_number in ({', '.join(map(str, numbers))})")
    by_join = rows_read("join picks on number = file_row_number")
    by_select = rows_read("where file_row_number in (select number from picks)")
    print(f"{count:3} row numbers: constant list {by_list:7}, join {by_join:7}, in (select) {by_select:7}")


print("DuckDB", duckdb.__version__)
for count in (50, 51, 500):
    compare(count)
duck.execute("set dynamic_or_filter_threshold = 100000")
print("dynamic_or_filter_threshold = 100000")
compare(500)
END

cat seen
diff expected seen || {
  echo "the behaviour has changed (< as found, > now)"
  exit 1
}
