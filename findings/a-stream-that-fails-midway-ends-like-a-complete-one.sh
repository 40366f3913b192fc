#!/bin/sh
# Guess: a streamed result gives all its rows, or an error.
# Fact: if the query fails midway (here one of 1,000,000 texts is no number), nothing is thrown: fetchChunk() gives an empty chunk as after
#   the last row, yieldRows() ends, streamAndReadAll() says done, each after a part of the rows. All that tells is result.returnType, which becomes
#   INVALID. The message is lost: run() on the same query throws it.
# Why it matters: a copy or export by stream is short without a trace. Ask for returnType at the end of each stream.
#   (The Rust client has the same: duckdb-rs pull request 832.)
# Seen with @duckdb/node-api 1.5.5-r.5 and Node.js 20.
#
# Exit: 0 the behaviour is as below, 1 it has changed, 2 the package could not be installed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" @duckdb/node-api@1.5.5-r.5 || exit 2

cat >expected <<'END'
DuckDB v1.5.5
whole stream: 700000 of 700000 rows, end by an empty chunk, QUERY_RESULT, no error
failing stream: fewer than 1000000 rows, end by an empty chunk, INVALID, no error
failing yieldRows: fewer than 1000000 rows, no error
failing streamAndReadAll: fewer than 1000000 rows, done, no error
run: Conversion Error: Could not convert string 'x' to INT32 when casting from source column text
END

cat >stream.mjs <<'END'
import { DuckDBInstance, ResultReturnType, version } from "@duckdb/node-api";

const TOTAL = 1_000_000;
const connection = await (await DuckDBInstance.create(":memory:")).connect();
await connection.run(
  `create table texts as select i, case when i = 700000 then 'x' else i::varchar end as text from range(${TOTAL}) r(i)`,
);
const failing = "select text::integer as number from texts";
const fewer = (count) => (count < TOTAL ? `fewer than ${TOTAL}` : count);

async function readByChunks(sql) {
  const result = await connection.stream(sql);
  let count = 0;
  let chunk = await result.fetchChunk();
  while (chunk !== null && chunk.rowCount > 0) {
    count += chunk.rowCount;
    chunk = await result.fetchChunk();
  }
  return { count, end: chunk === null ? "null" : "an empty chunk", type: ResultReturnType[result.returnType] };
}

async function tell(name, read) {
  try {
    console.log(`${name}: ${await read()}, no error`);
  } catch (error) {
    console.log(`${name}: ${error.message.split("\n")[0]}`);
  }
}

console.log(`DuckDB ${version()}`);
await tell("whole stream", async () => {
  const { count, end, type } = await readByChunks(`${failing} where i < 700000`);
  return `${count} of 700000 rows, end by ${end}, ${type}`;
});
await tell("failing stream", async () => {
  const { count, end, type } = await readByChunks(failing);
  console.error(`(${count} rows)`);
  return `${fewer(count)} rows, end by ${end}, ${type}`;
});
await tell("failing yieldRows", async () => {
  let count = 0;
  for await (const rows of (await connection.stream(failing)).yieldRows()) count += rows.length;
  return `${fewer(count)} rows`;
});
await tell("failing streamAndReadAll", async () => {
  const reader = await connection.streamAndReadAll(failing);
  return `${fewer(reader.currentRowCount)} rows, ${reader.done ? "done" : "not done"}`;
});
await tell("run", async () => `${(await connection.run(failing)).rowCount} rows`);
END
node stream.mjs >seen

cat seen
diff expected seen || {
  echo "the behaviour has changed (< as found, > now)"
  exit 1
}
