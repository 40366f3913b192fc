#!/bin/sh
# Guess: maintenance changes files, never rows; if it meets a writer, one of the two fails and can be repeated.
# Fact: ducklake_merge_adjacent_files between a small delete and its COMMIT takes the file away from under the delete. Both commit. The
#   snapshot of the delete is there and says "inlined_delete", and the row is still there too. (A delete of more than 10 rows conflicts.)
# Why it matters: merging on a schedule undoes deletes of people who got no error: the row stays deleted in their books only.
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
inside the transaction: 299 rows
merge: 3 files into 1
commit of the delete: no error, snapshot 6 changed inlined_delete
afterwards: 300 rows, the deleted one among them: True
END

PYTHONPATH=packages python3 - >seen <<'END'
import glob
import duckdb

(ducklake,) = glob.glob("packages/duckdb_extension_ducklake/extensions/*/ducklake.duckdb_extension")
lake = duckdb.connect(config={"autoinstall_known_extensions": "false"})
lake.load_extension(ducklake)
lake.execute("attach 'ducklake:catalog.db' as lake (data_path 'data/')")


class Client:
    """A connection of its own, with its own transaction."""

    def __init__(self):
        self.connection = lake.cursor()
        self.connection.execute("use lake")

    def rows(self, sql):
        return self.connection.execute(sql).fetchall()

    def one(self, sql):
        return self.rows(sql)[0][0]


a, b = Client(), Client()
print("DuckDB", duckdb.__version__, "with DuckLake", a.one(
    "select extension_version from duckdb_extensions() where extension_name = 'ducklake'"))

a.rows("create table orders (id integer)")
for hundred in range(3):
    a.rows(f"insert into orders select i from range({hundred * 100}, {hundred * 100 + 100}) r(i)")

a.rows("begin")
a.rows("delete from orders where id = 5")
print("inside the transaction:", a.one("select count(*) from orders where id >= 0"), "rows")
for _, _, merged, made in b.rows("call ducklake_merge_adjacent_files('lake')"):
    print(f"merge: {merged} files into {made}")
a.rows("commit")
snapshot, changes = a.rows("select snapshot_id, changes from lake.snapshots() order by snapshot_id desc limit 1")[0]
print(f"commit of the delete: no error, snapshot {snapshot} changed {', '.join(changes)}")
count, is_there = a.rows("select count(*), bool_or(id = 5) from orders where id >= 0")[0]
print(f"afterwards: {count} rows, the deleted one among them: {is_there}")
END

cat seen
diff expected seen || {
  echo "the behaviour has changed (< as found, > now)"
  exit 1
}
