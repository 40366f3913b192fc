#!/bin/sh
# Guess: two transactions that delete from one data file conflict, as they do if the file has no deletion yet: the second COMMIT fails
#   (upstream, ducklake issue 1215 takes it for granted).
# Fact: if the file has a delete file already, both commit, and each leaves a delete file that is alive. A scan reads the data file once for
#   each of them: most rows come twice, and the rows of both deletes are back. count(*) without a condition says a third number.
# Why it matters: two writers that delete other rows of the same table are ordinary work, and every later sum is wrong without an error.
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
file without a deletion: the second commit fails (another transaction has deleted from it)
file with a deletion: both commit
right: 700 rows, 700 different
a scan: 1600 rows, 900 different
count(*): 600
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


def race(table):
    """Two transactions delete 100 rows each, other ones."""
    a.rows("begin")
    b.rows("begin")
    a.rows(f"delete from {table} where id between 100 and 199")
    b.rows(f"delete from {table} where id between 200 and 299")
    b.rows("commit")
    a.rows("commit")


a.rows("create table fresh (id integer)")
a.rows("insert into fresh select i from range(1000) r(i)")
try:
    race("fresh")
    print("file without a deletion: both commit")
except duckdb.Error as error:
    reason = "another transaction has deleted from it"
    print(f"file without a deletion: the second commit fails ({reason if reason in str(error) else error})")

a.rows("create table orders (id integer)")
a.rows("insert into orders select i from range(1000) r(i)")
a.rows("delete from orders where id < 100")
race("orders")
print("file with a deletion: both commit")
print("right: 700 rows, 700 different")
count, different = a.rows("select count(*), count(distinct id) from orders where id >= 0")[0]
print(f"a scan: {count} rows, {different} different")
print("count(*):", a.one("select count(*) from orders"))
END

cat seen
diff expected seen || {
  echo "the behaviour has changed (< as found, > now)"
  exit 1
}
