/** What follows the watch, and what becomes of it when it ends, fails or is silent. */
import { describe, expect, test } from "vitest";
import { apiError, FakeListWatch } from "../../test/support/fake-list-watch.ts";
import type { Widget } from "../../test/support/make-object.ts";
import { silentLogger, silentReflector } from "../../test/support/silent.ts";
import { TransportError } from "./errors.ts";
import { createReflector } from "./reflector.ts";
import {
  changes,
  clock,
  names,
  RELIST_MS,
  reflector,
  restarts,
  server,
  serverNames,
  started,
  stream,
  useInstead,
} from "./testing/reflector-stage.ts";
import type { Key } from "./types.ts";

describe("in good weather", () => {
  test("lists, then follows the watch from the list's version", async () => {
    expect(reflector.hasSynced()).toBe(false);
    const synced = reflector.waitForSync();
    await started();
    await synced;
    expect([reflector.hasSynced(), server.watchVersions]).toEqual([true, ["11"]]);
    server.set("b");
    server.set("a");
    server.delete("b");
    await clock.settle();
    expect(names()).toEqual(["a@13"]);
    expect(changes).toEqual(["default/a", "default/b", "default/a", "default/b"]);
    expect(reflector.store.get("default/a")?.metadata.resourceVersion).toBe("13");
  });

  test("a watch that the server ends after its time is followed by the next one at once, from the last version", async () => {
    await started();
    server.set("b");
    await clock.advance(80_000);
    server.bookmark();
    await clock.advance(80_000);
    stream().end();
    await clock.settle();
    expect(server.watchVersions).toEqual(["11", "12"]);
    expect([server.listCount, restarts]).toEqual([1, ["end"]]);
  });

  test("a bookmark moves the version on without a change", async () => {
    await started();
    server.isDeaf = true;
    server.set("elsewhere");
    server.bookmark();
    await clock.advance(20_000);
    stream().end();
    await clock.settle();
    expect(server.watchVersions).toEqual(["11", "12"]);
  });

  test("a handler that throws harms neither the watch nor other handlers", async () => {
    reflector.onChange(() => {
      throw new Error("mine");
    });
    const later: Key[] = [];
    const unsubscribe = reflector.onChange((key) => later.push(key));
    await started();
    unsubscribe();
    server.set("b");
    await clock.settle();
    expect(later).toEqual(["default/a"]);
    expect(names()).toEqual(["a@11", "b@12"]);
  });
});

describe("in bad weather", () => {
  test.each([
    ["503 once on LIST", () => server.listErrors.push(apiError(503)), ["server-error"]],
    ["503 once on WATCH", () => server.watchErrors.push(apiError(503)), ["server-error"]],
    ["the server is away", () => server.listErrors.push(new TransportError("refused", { sent: false })), ["transport"]],
    ["403 until the role is there", () => server.listErrors.push(apiError(403), apiError(403)), ["refused", "refused"]],
    ["410 on WATCH", () => server.watchErrors.push(apiError(410)), ["gone"]],
    ["something unheard of", () => server.listErrors.push(new TypeError("?")), ["unexpected"]],
  ])("%s: it goes on by itself", async (_case, arrange, wantRestarts) => {
    arrange();
    await started();
    await clock.advance(5_000);
    server.set("b");
    await clock.settle();
    expect(names()).toEqual(serverNames());
    expect(restarts).toEqual(wantRestarts);
  });

  test("a reset in the middle resumes from the last version, and nothing is lost", async () => {
    await started();
    server.set("b");
    await clock.settle();
    stream().break();
    server.set("c");
    server.delete("b");
    await clock.advance(1_000);
    expect([names(), server.listCount, restarts]).toEqual([serverNames(), 1, ["transport"]]);
    expect(server.watchVersions).toEqual(["11", "12"]);
  });

  test("429 with Retry-After is obeyed", async () => {
    server.watchErrors.push(apiError(429, 7_000));
    await started();
    await clock.advance(6_900);
    expect(server.watchVersions).toHaveLength(1);
    await clock.advance(100);
    expect(server.watchVersions).toHaveLength(2);
  });

  test("an ERROR event of 410 lists again; objects that went meanwhile go", async () => {
    await started();
    server.isDeaf = true;
    server.delete("a");
    server.set("b");
    server.compact();
    server.isDeaf = false;
    stream().send("ERROR", { code: 410, reason: "Expired", message: "too old resource version" });
    await clock.advance(1_000);
    expect([names(), restarts, server.listCount]).toEqual([serverNames(), ["gone"], 2]);
    expect(changes).toEqual(["default/a", "default/a", "default/b"]);
  });

  test("a bad line ends the stream, instead of being a change that nobody hears of", async () => {
    await started();
    stream().push('{"type":"ADDED","object":{"metada\n');
    server.set("b");
    await clock.advance(1_000);
    expect([names(), restarts]).toEqual([serverNames(), ["bad-line"]]);
  });

  test("a silent connection is given up after 90 s; bytes keep it", async () => {
    await started();
    await clock.advance(80_000);
    server.bookmark();
    await clock.advance(80_000);
    expect(restarts).toEqual([]);
    await clock.advance(10_000);
    expect([restarts, server.watchVersions.length]).toEqual([["inactive"], 2]);
  });

  test("a server that ends each watch immediately is not asked in a tight loop", async () => {
    await started();
    for (let second = 0; second < 60; second += 1) {
      stream().end();
      await clock.advance(1_000);
    }
    expect(server.watchVersions.length).toBeLessThan(12);
  });

  test("a long absence of the server is survived, and asked for politely", async () => {
    await started();
    server.set("b");
    await clock.settle();
    const refused = () => new TransportError("refused", { sent: false });
    for (let attempt = 0; attempt < 12; attempt += 1) {
      server.watchErrors.push(refused());
      server.listErrors.push(refused());
    }
    stream().break();
    server.set("c");
    await clock.advance(600_000);
    expect(names()).toEqual(serverNames());
    // each loop turn is a sign of life for the probe, although nothing could be reached
    expect(reflector.ageMs()).toBeLessThan(91_000);
  });
});

describe("stop", () => {
  test.each([
    ["while a watch is open", () => undefined],
    ["during a backoff", () => server.watchErrors.push(apiError(503))],
    ["before the list is answered", () => undefined],
  ])("%s: nothing starts afterwards", async (name, arrange) => {
    arrange();
    reflector.start();
    if (!name.startsWith("before")) await clock.settle();
    await reflector.stop();
    const { listCount, watchVersions } = server;
    const watchCount = watchVersions.length;
    server.set("late");
    await clock.advance(3 * RELIST_MS);
    expect([server.listCount, server.watchVersions.length]).toEqual([listCount, watchCount]);
    expect(names()).not.toContain("late@12");
    expect(clock.timerCount).toBe(0);
  });

  test("and started again it lists again", async () => {
    await started();
    await reflector.stop();
    server.delete("a");
    server.set("b");
    await started();
    expect(names()).toEqual(serverNames());
  });

  test("a wait for the first list ends with its signal", async () => {
    const giveUp = new AbortController();
    const waiting = reflector.waitForSync(giveUp.signal);
    giveUp.abort(new Error("too long"));
    await expect(waiting).rejects.toThrow("too long");
  });
});

test("several namespaces: each has its own list and watch, synced when all are", async () => {
  const servers = new Map([
    ["default", server],
    ["other", new FakeListWatch()],
  ]);
  servers.get("other")?.listErrors.push(apiError(503));
  useInstead(
    createReflector<Widget>({
      ...{ resource: "widgets", namespaces: ["default", "other", "default"], clock, random: () => 0.5 },
      ...{ logger: silentLogger, measurements: silentReflector },
      sourceOf: (namespace) => servers.get(namespace ?? "") ?? new FakeListWatch(),
    }),
  );
  await started();
  expect([reflector.hasSynced(), names()]).toEqual([false, ["a@11"]]);
  await clock.advance(1_000);
  expect([reflector.hasSynced(), server.listCount]).toEqual([true, 1]);
  expect(reflector.store.get("default/a")).toBeDefined();
  expect(reflector.store.size).toBe(1);
});
