#!/bin/sh
# Guess: what PostgreSQL's own parser (libpg-query) reads and its companion printer (pgsql-deparser) writes is the same query again.
# Fact: FETCH FIRST … WITH TIES comes back as LIMIT, and GROUP BY DISTINCT without the DISTINCT, both without an error: other rows, or rows more
#   than once. What the printer does not know at all (JSON_VALUE, JSON_TABLE) it refuses. AT LOCAL comes back as a function call, which is right.
# Why it matters: whoever rewrites queries by tree must compare what comes out with what went in, for instance by their trees.
# Seen with libpg-query 18.1.5 (PostgreSQL 18.4's grammar) and pgsql-deparser 18.3.8. Needs npm and Node 20 or newer.
#
# Exit: 0 the behaviour is as below, 1 it has changed, 2 the packages could not be installed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" libpg-query@18.1.5 pgsql-deparser@18.3.8 || exit 2

cat >expected <<'END'
grammar 180004
same: SELECT a FROM t ORDER BY a LIMIT 3
other: SELECT a FROM t ORDER BY a FETCH FIRST 3 ROWS WITH TIES
  -> SELECT a FROM t ORDER BY a LIMIT 3
same: SELECT a FROM t GROUP BY ROLLUP (a, b), ROLLUP (a, c)
other: SELECT a FROM t GROUP BY DISTINCT ROLLUP (a, b), ROLLUP (a, c)
  -> SELECT a FROM t GROUP BY ROLLUP (a, b), ROLLUP (a, c)
same: SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b
same: SELECT sum(x) OVER (ORDER BY y GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM t
same: SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY b DESC NULLS LAST) FILTER (WHERE a > 1) FROM t
same: SELECT a FROM t TABLESAMPLE bernoulli(10) REPEATABLE (1)
refused: SELECT JSON_VALUE(d, '$.a') FROM t
END

cat >try.mjs <<'END'
import { loadModule, parseSync } from "libpg-query";
import { deparseSync } from "pgsql-deparser";

await loadModule();
const positions = new Set(["location", "list_start", "list_end", "rexpr_list_start", "rexpr_list_end", "stmt_len", "stmt_location"]);
const tree = (sql) => JSON.stringify(parseSync(sql), (name, value) => (positions.has(name) ? undefined : value));
console.log(`grammar ${parseSync("select").version}`);
for (const sql of [
  "SELECT a FROM t ORDER BY a LIMIT 3",
  "SELECT a FROM t ORDER BY a FETCH FIRST 3 ROWS WITH TIES",
  "SELECT a FROM t GROUP BY ROLLUP (a, b), ROLLUP (a, c)",
  "SELECT a FROM t GROUP BY DISTINCT ROLLUP (a, b), ROLLUP (a, c)",
  "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b",
  "SELECT sum(x) OVER (ORDER BY y GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM t",
  "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY b DESC NULLS LAST) FILTER (WHERE a > 1) FROM t",
  "SELECT a FROM t TABLESAMPLE bernoulli(10) REPEATABLE (1)",
  "SELECT JSON_VALUE(d, '$.a') FROM t",
]) {
  let printed;
  try {
    printed = deparseSync(parseSync(sql), { pretty: false });
  } catch {
    console.log(`refused: ${sql}`);
    continue;
  }
  console.log(tree(printed) === tree(sql) ? `same: ${sql}` : `other: ${sql}\n  -> ${printed}`);
}
END
node try.mjs >seen || exit 2
cat seen
diff -u expected seen || exit 1
