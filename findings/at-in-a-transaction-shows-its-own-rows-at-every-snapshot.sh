#!/bin/sh
# Guess: AT (VERSION => n) is the committed past. Inside a transaction it either leaves out what is not committed, or refuses.
# Fact: inside a transaction every snapshot has the rows that the transaction inserted and lacks those that it deleted, also the
#   snapshots from before the table had any row.
# Why it matters: "restore from the good snapshot" in the transaction that has just deleted the bad rows restores something else.
#   History has to be read on a connection that has written nothing.
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
outside a transaction: snapshot 1 [], snapshot 2 [1], snapshot 3 [1, 2]
after insert 100 and delete 1: snapshot 1 [100], snapshot 2 [100], snapshot 3 [2, 100]
after rollback: snapshot 1 [], snapshot 2 [1], snapshot 3 [1, 2]
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
lake.execute("insert into orders values (1)")
lake.execute("insert into orders values (2)")


def past():
    def at(snapshot):
        return [i for (i,) in rows(f"select id from orders at (version => {snapshot}) order by id")]

    return ", ".join(f"snapshot {n} {at(n)}" for n in (1, 2, 3))


print("outside a transaction:", past())
lake.execute("begin")
lake.execute("insert into orders values (100)")
lake.execute("delete from orders where id = 1")
print("after insert 100 and delete 1:", past())
lake.execute("rollback")
print("after rollback:", past())
END

cat seen
diff expected seen || {
  echo "the behaviour has changed (< as found, > now)"
  exit 1
}
