#!/bin/sh
# Guess: table_changes over the whole life of a table, insertions minus deletions, gives the table.
# Fact: the snapshot of ducklake_rewrite_data_files, which changes no row, is in the feed as an insertion of every row that survived.
# Why it matters: a consumer that adds up the feed counts those rows twice. The range can be read without that snapshot only if one knows it.
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
snapshot 2: insert 60
snapshot 3: delete 3
snapshot 4: insert 57
insertions minus deletions: 114
the table: 57
snapshot 4 changed: rewrite_delete
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

lake.execute("create table orders (id integer)")
created = head()
lake.execute("insert into orders select i from range(60) r(i)")
lake.execute("delete from orders where id < 3")
lake.execute("call ducklake_rewrite_data_files('lake', 'orders', delete_threshold => 0)")
net = 0
for snapshot, change, count in rows(
    f"""select snapshot_id, change_type, count(*) from lake.table_changes('orders', {created + 1}, {head()})
        group by all order by all"""
):
    net += count if change in ("insert", "update_postimage") else -count
    print(f"snapshot {snapshot}: {change} {count}")
print("insertions minus deletions:", net)
print("the table:", rows("select count(*) from orders where id >= 0")[0][0])
changes = rows(f"select changes from lake.snapshots() where snapshot_id = {head()}")[0][0]
print(f"snapshot {head()} changed: {', '.join(changes)}")
END

cat seen
diff expected seen || {
  echo "the behaviour has changed (< as found, > now)"
  exit 1
}
