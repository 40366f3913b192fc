#!/bin/sh
# Guess: AT (VERSION => n) shows what was committed up to snapshot n, and a snapshot once read never reads differently.
# Fact: if a data file has a deletion already, a further delete beside anybody's commit to ANOTHER table is dated to that other commit.
#   The snapshot of the other commit loses the row afterwards, and the change feed of the delete's own snapshot is empty.
# Why it matters: whoever follows the feed snapshot by snapshot, and has read the other commit before, never hears of the delete.
#   Two ordinary writers are enough; no error, no warning.
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
the other commit is snapshot 5: 970 orders there
the delete is snapshot 6: 940 orders there
snapshot 5 read again: 940 orders
snapshot 5 changed: inlined_insert
snapshot 6 changed: tables_deleted_from
feed of snapshot 5: 30 deletions
feed of snapshot 6: 0 deletions
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
a.rows("create table notes (id integer)")
a.rows("insert into orders select i from range(1000) r(i)")
a.rows("delete from orders where id < 30")

a.rows("begin")
a.rows("delete from orders where id between 500 and 529")
b.rows("insert into notes values (1)")
other = b.one("select id from lake.current_snapshot()")


# A condition, as the bare count(*) would come from the catalog's numbers.
def orders_at(snapshot):
    return b.one(f"select count(*) from orders at (version => {snapshot}) where id >= 0")


print(f"the other commit is snapshot {other}: {orders_at(other)} orders there")
a.rows("commit")
own = a.one("select id from lake.current_snapshot()")
print(f"the delete is snapshot {own}: {orders_at(own)} orders there")
print(f"snapshot {other} read again: {orders_at(other)} orders")
for snapshot in (other, own):
    changes = a.one(f"select changes from lake.snapshots() where snapshot_id = {snapshot}")
    print(f"snapshot {snapshot} changed: {', '.join(changes)}")
for snapshot in (other, own):
    feed = a.one(f"select count(*) from ducklake_table_deletions('lake', 'main', 'orders', {snapshot}, {snapshot})")
    print(f"feed of snapshot {snapshot}: {feed} deletions")
END

cat seen
diff expected seen || {
  echo "the behaviour has changed (< as found, > now)"
  exit 1
}
