import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FakeLease, type Fate } from "../../test/support/fake-lease.ts";
import { FreezableClock } from "../../test/support/freezable-clock.ts";
import { silentLogger } from "../../test/support/silent.ts";
import { createElector, type Elector, type LeaseTimes, type Term } from "./lease.ts";
import type { Clock } from "./types.ts";

const times: LeaseTimes = { durationMs: 15_000, renewDeadlineMs: 10_000, renewMs: 2_000, standbyMs: 500 };

interface Replica {
  readonly elector: Elector;
  readonly stop: AbortController;
  readonly tale: string[];
  term: Term | undefined;
  ended: boolean;
}

let clock: FakeClock;
let lease: FakeLease;
let replicas: Replica[];

interface ReplicaOptions {
  readonly fate?: (verb: "read" | "write") => Fate;
  readonly ownClock?: Clock;
}

function makeReplica(instance: string, { fate, ownClock = clock }: ReplicaOptions = {}): Replica {
  const tale: string[] = [];
  const elector = createElector({
    ...{ store: lease.store(fate), instance, clock: ownClock, random: () => 0.5, logger: silentLogger, times },
    measurements: {
      leading: (isLeader) => tale.push(isLeader ? "leads" : "stands by"),
      transition: () => tale.push("transition"),
    },
  });
  const replica: Replica = { elector, stop: new AbortController(), tale, term: undefined, ended: false };
  replicas.push(replica);
  return replica;
}

function start(replica: Replica): Replica {
  void replica.elector.acquire(replica.stop.signal).then((term) => {
    replica.term = term;
    replica.ended = term === undefined;
  });
  return replica;
}

const leads = ({ term }: Replica) => term !== undefined && !term.signal.aborted;

/** As main.ts does it: no more waiting, the work ends, the lease goes back. */
async function shutDown(replica: Replica): Promise<void> {
  replica.stop.abort();
  const released = replica.elector.release();
  await clock.advance(2_500);
  await released;
}

beforeEach(() => {
  clock = new FakeClock();
  lease = new FakeLease(clock);
  replicas = [];
});

afterEach(async () => {
  for (const replica of replicas) await shutDown(replica);
  await clock.advance(20_000);
  expect(clock.timerCount).toBe(0);
});

describe("taking", () => {
  test("makes the lease if nobody has", async () => {
    const one = start(makeReplica("pod-1"));
    await clock.settle();
    expect(leads(one)).toBe(true);
    expect(lease.spec).toMatchObject({
      ...{ holderIdentity: one.elector.identity, leaseDurationSeconds: 15, leaseTransitions: 0 },
      renewTime: "2026-11-22T12:00:00.000000Z",
    });
    expect(one.tale).toEqual(["stands by", "transition", "leads"]);
  });

  test("waits while somebody renews, whatever the clocks say", async () => {
    const one = start(makeReplica("pod-1"));
    await clock.settle();
    const two = start(makeReplica("pod-2"));
    await clock.advance(10 * 60_000);
    expect([leads(one), leads(two)]).toEqual([true, false]);
  });

  test("takes over from one that says nothing for the whole duration, as seen by its own clock", async () => {
    lease.write({
      ...{ holderIdentity: "pod-9_dead", leaseDurationSeconds: 15, leaseTransitions: 4 },
      ...{ acquireTime: "2001-01-01T00:00:00.000000Z", renewTime: "2001-01-01T00:00:00.000000Z" },
    });
    const one = start(makeReplica("pod-1"));
    await clock.advance(14_900);
    expect(leads(one)).toBe(false);
    await clock.advance(700);
    expect(leads(one)).toBe(true);
    expect(lease.spec).toMatchObject({ leaseTransitions: 5 });
  });

  test("does not wait for an earlier container of its own pod", async () => {
    lease.write({ holderIdentity: "pod-1_crashed0", leaseDurationSeconds: 15, leaseTransitions: 0 });
    const one = start(makeReplica("pod-1"));
    await clock.settle();
    expect(leads(one)).toBe(true);
  });

  test("recognises itself if the answer to its own taking was lost", async () => {
    const fates: Fate[] = ["lost"];
    const one = start(makeReplica("pod-1", { fate: (verb) => (verb === "write" ? (fates.shift() ?? "ok") : "ok") }));
    await clock.settle();
    expect([leads(one), lease.holder]).toEqual([false, one.elector.identity]);
    await clock.advance(600);
    expect(leads(one)).toBe(true);
  });

  test("of two that see a free lease at once, one gets it", async () => {
    const pair = ["pod-1", "pod-2"].map((instance) => start(makeReplica(instance)));
    await clock.advance(5_000);
    expect(pair.filter(leads)).toHaveLength(1);
  });

  test("an end while it waits ends the waiting", async () => {
    lease.write({ holderIdentity: "pod-9_else", leaseDurationSeconds: 15 });
    const one = start(makeReplica("pod-1"));
    await clock.advance(1_000);
    one.stop.abort();
    await clock.settle();
    expect(one.ended).toBe(true);
    expect(lease.holder).toBe("pod-9_else");
  });

  test("an end while it takes gives back what it took", async () => {
    const one = makeReplica("pod-1");
    start(one);
    one.stop.abort();
    await clock.settle();
    expect([one.ended, lease.holder]).toEqual([true, undefined]);
  });
});

describe("keeping", () => {
  test("gives up before anybody else may begin, if it cannot renew", async () => {
    let fate: Fate = "ok";
    const one = start(makeReplica("pod-1", { fate: () => fate }));
    await clock.settle();
    const two = start(makeReplica("pod-2"));
    await clock.advance(2_000);
    fate = "refused";
    await clock.advance(9_900);
    expect(leads(one)).toBe(true);
    await clock.advance(200);
    expect([leads(one), leads(two)]).toEqual([false, false]);
    await clock.advance(6_000);
    expect(leads(two)).toBe(true);
    expect(one.tale).toEqual(["stands by", "transition", "leads", "stands by"]);
    expect(two.tale).toEqual(["stands by", "transition", "leads"]);
  });

  test("does not wait for a call that hangs", async () => {
    let fate: Fate = "ok";
    const one = start(makeReplica("pod-1", { fate: () => fate }));
    await clock.advance(2_000);
    fate = "hangs";
    await clock.advance(10_100);
    expect(leads(one)).toBe(false);
  });

  test("survives failures shorter than the deadline", async () => {
    let fate: Fate = "ok";
    const one = start(makeReplica("pod-1", { fate: () => fate }));
    await clock.advance(2_000);
    fate = "refused";
    await clock.advance(7_000);
    fate = "ok";
    await clock.advance(60_000);
    expect(leads(one)).toBe(true);
  });

  test("stays if somebody else has only touched the object", async () => {
    const one = start(makeReplica("pod-1"));
    await clock.settle();
    lease.touch();
    await clock.advance(60_000);
    expect(leads(one)).toBe(true);
  });

  test("makes a lease anew that was deleted", async () => {
    const one = start(makeReplica("pod-1"));
    await clock.settle();
    lease.remove();
    await clock.advance(3_000);
    expect([leads(one), lease.holder]).toEqual([true, one.elector.identity]);
  });

  test("ends at once if another one holds it", async () => {
    const one = start(makeReplica("pod-1"));
    await clock.settle();
    lease.write({ holderIdentity: "pod-9_else", leaseDurationSeconds: 15 });
    await clock.advance(2_100);
    expect(leads(one)).toBe(false);
    expect(lease.holder).toBe("pod-9_else");
  });

  test("a frozen leader finds itself deposed when it goes on", async () => {
    const frozen = new FreezableClock(clock);
    const one = start(makeReplica("pod-1", { ownClock: frozen }));
    await clock.settle();
    const two = start(makeReplica("pod-2"));
    await clock.advance(1_000);
    frozen.freeze();
    await clock.advance(20_000);
    expect(leads(two)).toBe(true);
    frozen.thaw();
    await clock.settle();
    expect([leads(one), leads(two)]).toEqual([false, true]);
    expect(lease.holder).toBe(two.elector.identity);
  });
});

describe("giving back", () => {
  test("lets the next one begin with its next look", async () => {
    const one = start(makeReplica("pod-1"));
    await clock.settle();
    const two = start(makeReplica("pod-2"));
    await clock.advance(5_100);
    void one.elector.release();
    await clock.advance(600);
    expect([leads(one), leads(two)]).toEqual([false, true]);
    expect(lease.spec).toMatchObject({ leaseTransitions: 1 });
  });

  test("is not waited for if the API server does not answer", async () => {
    let fate: Fate = "ok";
    const one = start(makeReplica("pod-1", { fate: () => fate }));
    await clock.settle();
    fate = "hangs";
    await shutDown(one);
    expect(leads(one)).toBe(false);
  });

  test("touches nothing if it does not lead", async () => {
    lease.write({ holderIdentity: "pod-9_else", leaseDurationSeconds: 15 });
    const one = start(makeReplica("pod-1"));
    await clock.settle();
    await shutDown(one);
    expect(lease.holder).toBe("pod-9_else");
  });
});

test("there are never two leaders, whatever fails", async () => {
  const fate = fc.constantFrom<Fate>("ok", "ok", "refused", "lost", "hangs", "late");
  const moment = fc.record({ replica: fc.nat(2), fate, durationMs: fc.integer({ min: 100, max: 9_000 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(moment, { minLength: 5, maxLength: 30 }), async (moments) => {
      clock = new FakeClock();
      lease = new FakeLease(clock);
      const fates: Fate[] = ["ok", "ok", "ok"];
      const all = fates.map((_, index) => start(makeReplica(`pod-${index}`, { fate: () => fates[index] ?? "ok" })));
      for (const { replica, fate: next, durationMs } of moments) {
        fates[replica] = next;
        for (let leftMs = durationMs; leftMs > 0; leftMs -= 500) {
          await clock.advance(Math.min(500, leftMs));
          expect(all.filter(leads).length).toBeLessThanOrEqual(1);
        }
      }
      for (const replica of replicas) await shutDown(replica);
      replicas = [];
    }),
    { numRuns: 20 },
  );
});

test("times that could give two leaders are refused", () => {
  const make = (changed: Partial<LeaseTimes>) =>
    createElector({
      ...{ store: lease.store(), instance: "pod-1", clock, random: () => 0.5, logger: silentLogger },
      measurements: { leading: () => undefined, transition: () => undefined },
      times: { ...times, ...changed },
    });
  expect(() => make({ renewDeadlineMs: 15_000 })).toThrow("shorter than the lease's duration");
  expect(() => make({ renewMs: 5_000 })).toThrow("two renewals");
});
