// The sink against a real lake: one snapshot a batch, and exactly once when connections break at the worst moment.

import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { useTrickle } from "../test/support/trickle.ts";
import { buildScenario, sliceEvents } from "./scenario.ts";
import { openSink, type Sink } from "./sink.ts";

const NEVER = new AbortController().signal;
const quiet = { warn: () => undefined };

/** A TCP proxy in front of PostgreSQL that can swallow the answer to the next INSERT and cut the connection instead. */
async function startProxy(target: URL) {
  const sockets = new Set<Socket>();
  let isArmed = false;
  const server: Server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on("data", (data: Buffer) => {
      if (isArmed && data.includes("INSERT 0 ")) {
        isArmed = false;
        client.destroy();
        return;
      }
      client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(target);
  url.port = String((server.address() as { port: number }).port);
  return {
    url: url.href,
    swallowNextAnswer: () => {
      isArmed = true;
    },
    stop: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("the sink", () => {
  const trickle = useTrickle();
  const scenario = buildScenario("steady", "sink");
  const opened: Sink[] = [];
  let written = 0;

  const open = (databaseUrl: string) => {
    const sink = openSink({ databaseUrl, logger: quiet, backoff: () => 20 });
    opened.push(sink);
    return sink;
  };
  const nextBatch = (size: number) => {
    const batch = sliceEvents(scenario, written, size);
    written += size;
    return batch;
  };
  const head = async () => {
    const { rows } = await trickle()
      .pool()
      .query("select max(snapshot_id)::int as head from ducklake.ducklake_snapshot");
    return rows[0].head as number;
  };
  const eventsInLake = async () => {
    const duckdb = await trickle().duckdb();
    const rows = await duckdb.rows(
      "select count(*)::int as n, count(distinct event_id)::int as ids from lake.main.events",
    );
    return rows[0];
  };

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((sink) => sink.close()));
  });

  it("writes one snapshot a batch, and every value as it is", async () => {
    const before = await head();
    const sink = open(trickle().url);
    const batch = nextBatch(50);
    expect(await sink.write(batch, NEVER)).toBe(true);
    expect(await head()).toBe(before + 1);
    const duckdb = await trickle().duckdb();
    const rows = await duckdb.rows(
      "select event_id::varchar as id, event_type, value::int as value from lake.main.events",
    );
    const expected = batch.map((event) => ({ id: event.eventId, event_type: event.eventType, value: event.value }));
    expect(new Set(rows.map((row) => JSON.stringify(row)))).toEqual(
      new Set(expected.map((row) => JSON.stringify(row))),
    );
  });

  it("goes on after its session was terminated", async () => {
    const sink = open(trickle().url);
    await sink.write(nextBatch(10), NEVER);
    await trickle()
      .pool()
      .query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'generator'");
    expect(await sink.write(nextBatch(10), NEVER)).toBe(true);
    expect(await eventsInLake()).toEqual({ n: written, ids: written });
  });

  it("does not write a batch twice whose commit was never answered", async () => {
    const proxy = await startProxy(new URL(trickle().url));
    try {
      const sink = open(proxy.url);
      await sink.write(nextBatch(10), NEVER);
      const before = await head();
      proxy.swallowNextAnswer();
      expect(await sink.write(nextBatch(10), NEVER)).toBe(true);
      expect(await head()).toBe(before + 1);
      expect(await eventsInLake()).toEqual({ n: written, ids: written });
    } finally {
      await proxy.stop();
    }
  });

  it("waits for an engine that is away, and writes when it is back", async () => {
    await trickle().lake.kill();
    const sink = open(trickle().url);
    const writing = sink.write(nextBatch(10), NEVER);
    await trickle().restartLake();
    expect(await writing).toBe(true);
    expect(await eventsInLake()).toEqual({ n: written, ids: written });
  });

  it("gives up when it is told to stop", async () => {
    const stop = new AbortController();
    const sink = openSink({
      databaseUrl: "postgresql://nobody@127.0.0.1:1/nowhere",
      logger: { warn: () => stop.abort() },
      backoff: () => 60_000,
    });
    expect(await sink.write(sliceEvents(scenario, 0, 1), stop.signal)).toBe(false);
  });
});
