#!/bin/sh
# Guess: `rowid` names one row of the table: it is kept over updates and files, so it can address the row later.
# Fact: rows that one transaction inserts and updates keep the provisional ids of that transaction, from 10^18 on. Each transaction starts
#   there anew, so rows of different transactions share their ids for ever.
# Why it matters: `delete ... where rowid = x` takes a stranger's row along, and a join on rowid multiplies.
# Seen with DuckDB 1.5.5 and DuckLake's extension 1.5.5, all settings at their defaults; the catalog is a DuckDB file, and a catalog in
# PostgreSQL 18 shows the same.
#
# Exit: 0 the behaviour is as below, 1 it has changed, 2 the packages could not be installed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
cd "$work"
PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-input --target packages \
  duckdb==1.5.5 duckdb-extension-ducklake==1.5.5 || exit 2

cat >expected <<'END'
DuckDB 1.5.5 with DuckLake d8a1881e
40 rows, 20 row ids, the first 1000000000000000000
rows with the id of order 0: [0, 100]
delete by that one id: 2 rows
END

PYTHONPATH=packages python3 - >seen <<'END'
import glob
import duckdb

(ducklake,) = glob.glob("packages/duckdb_extension_ducklake/extensions/*/ducklake.duckdb_extension")
lake = duckdb.connect(config={"autoinstall_known_extensions": "false"})
lake.load_extension(ducklake)
lake.execute("attach 'ducklake:catalog.db' as lake (data_path 'data/')")
lake.execute("use lake")


def rows(sql):
    return lake.execute(sql).fetchall()


def head():
    return rows("select id from lake.current_snapshot()")[0][0]


print("DuckDB", duckdb.__version__, "with DuckLake", rows(
    "select extension_version from duckdb_extensions() where extension_name = 'ducklake'")[0][0])

lake.execute("create table orders (id integer, paid boolean)")
for first in (0, 100):  # Two transactions, one after the other; more than 10 rows, so that they go to a file.
    lake.execute("begin")
    lake.execute(f"insert into orders select i, false from range({first}, {first + 20}) r(i)")
    lake.execute(f"update orders set paid = true where id >= {first}")
    lake.execute("commit")
count, ids, lowest = rows("select count(*), count(distinct rowid), min(rowid) from orders")[0]
print(f"{count} rows, {ids} row ids, the first {lowest}")
(row_id,) = rows("select rowid from orders where id = 0")[0]
print("rows with the id of order 0:", [i for (i,) in rows(f"select id from orders where rowid = {row_id} order by id")])
print("delete by that one id:", rows(f"delete from orders where rowid = {row_id}")[0][0], "rows")
END

cat seen
diff expected seen || {
  echo "the behaviour has changed (< as found, > now)"
  exit 1
}
