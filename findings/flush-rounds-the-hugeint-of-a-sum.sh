#!/bin/sh
# Guess: a column keeps its values, wherever they are stored; sum() of whole numbers is a whole number and stays exact.
# Fact: sum(bigint) is a HUGEINT, and Parquet has no such type: DuckDB writes DOUBLE. Up to 10 rows are exact as long as they lie in the
#   catalog, and lose their last digits when they are flushed, at the snapshots of before too. The column is called HUGEINT ever after.
# Why it matters: `create table totals as select sum(cents) ...` is right when it is checked and wrong after the next night's maintenance.
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
type of sum(cents): HUGEINT
as committed: 9007199254740993
after the flush: 9007199254740992
at the snapshot of before: 9007199254740992
type of the column: HUGEINT
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

lake.execute("create table totals as select sum(cents) as total from (values (9007199254740992::bigint), (1)) v(cents)")
before = head()
print("type of sum(cents):", rows("select typeof(total) from totals")[0][0])
print("as committed:", rows("select total from totals")[0][0])
lake.execute("call ducklake_flush_inlined_data('lake')")
print("after the flush:", rows("select total from totals")[0][0])
print("at the snapshot of before:", rows(f"select total from totals at (version => {before})")[0][0])
print("type of the column:", rows("select typeof(total) from totals")[0][0])
END

cat seen
diff expected seen || {
  echo "the behaviour has changed (< as found, > now)"
  exit 1
}
