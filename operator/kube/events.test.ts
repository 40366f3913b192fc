import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { type FakeAnswer, FakeTransport } from "../../test/support/fake-transport.ts";
import { makeWidget } from "../../test/support/make-object.ts";
import { silentLogger } from "../../test/support/silent.ts";
import { Calls } from "./calls.ts";
import { TransportError } from "./errors.ts";
import { cutBytes, eventBody, microTime, referenceOf } from "./event-body.ts";
import { createEventRecorder } from "./events.ts";
import type { EventInput, EventRecorder } from "./types.ts";

const WIDGETS = { group: "test.pgtrickle.dev", version: "v1", plural: "widgets", kind: "Widget" };
const PAUSED: EventInput = { type: "Normal", reason: "Paused", action: "Pause", note: "2 tables are held" };
const ok: FakeAnswer = { status: 201 };
const lost = new TransportError("reset", { sent: true });

let clock: FakeClock;
let transport: FakeTransport;
let recorder: EventRecorder;

beforeEach(() => {
  clock = new FakeClock();
  transport = new FakeTransport();
  const calls = new Calls({ transport, clock, random: () => 0.5 });
  const options = { calls, clock, random: () => 0.5, logger: silentLogger, definition: WIDGETS };
  recorder = createEventRecorder({ ...options, reportingInstance: "operator-0" });
});

/** Verb and path of each request, and the count of a series. */
function asked(): string[] {
  return transport.requests.map(({ verb, body }) => {
    const { series, metadata } = body as { series?: { count: number }; metadata?: { name: string } };
    return series ? `${verb} ${series.count}` : `${verb} ${metadata?.name}`;
  });
}

const NAME = "one.1a20320a20080000000";

describe("an event", () => {
  test("is written once, complete", async () => {
    transport.answers.push(ok);
    recorder.record(makeWidget(), PAUSED);
    await recorder.flush();
    expect(transport.requests[0]?.path).toBe("/apis/events.k8s.io/v1/namespaces/default/events");
    expect(transport.requests[0]?.body).toMatchObject({
      eventTime: "2026-11-22T12:00:00.000000Z",
      reportingController: "pgtrickle.dev/streamtable-rewind",
      reportingInstance: "operator-0",
      ...PAUSED,
      regarding: {
        apiVersion: "test.pgtrickle.dev/v1",
        kind: "Widget",
        name: "one",
        uid: "uid-one",
        namespace: "default",
      },
    });
  });

  test("that happens again is a count", async () => {
    transport.answers.push(ok, ok, ok);
    for (let time = 0; time < 3; time += 1) {
      recorder.record(makeWidget(), PAUSED);
      await recorder.flush();
      await clock.advance(60_000);
    }
    expect(asked()).toEqual([`POST ${NAME}`, "PATCH 2", "PATCH 3"]);
  });

  test("that happens many times while one is written costs one more call", async () => {
    transport.answers.push(ok, ok);
    for (let time = 0; time < 50; time += 1) recorder.record(makeWidget(), PAUSED);
    await recorder.flush();
    expect(asked()).toEqual([`POST ${NAME}`, "PATCH 50"]);
  });

  test("that happens again much later is a new one", async () => {
    transport.answers.push(ok, ok);
    recorder.record(makeWidget(), PAUSED);
    await recorder.flush();
    await clock.advance(7 * 60_000);
    recorder.record(makeWidget(), PAUSED);
    await recorder.flush();
    expect(asked().map((line) => line.split(" ")[0])).toEqual(["POST", "POST"]);
    expect(asked()[0]).not.toBe(asked()[1]);
  });

  test("with another note or of another object is another one", async () => {
    transport.answers.push(ok, ok, ok);
    recorder.record(makeWidget(), PAUSED);
    recorder.record(makeWidget(), { ...PAUSED, note: "3 tables are held" });
    recorder.record(makeWidget({ name: "two" }), PAUSED);
    await recorder.flush();
    expect(asked().map((line) => line.split(" ")[0])).toEqual(["POST", "POST", "POST"]);
  });
});

describe("what can't be written", () => {
  test("because the namespace goes is dropped, and the next one is tried", async () => {
    transport.answers.push({ status: 403 }, ok);
    recorder.record(makeWidget(), PAUSED);
    recorder.record(makeWidget({ name: "two" }), PAUSED);
    await recorder.flush();
    expect(transport.requests).toHaveLength(2);
  });

  test("because the answer got lost is written again under its name, which tells if it was there", async () => {
    transport.answers.push(lost, { status: 409 });
    recorder.record(makeWidget(), PAUSED);
    await recorder.flush();
    expect(asked()).toEqual([`POST ${NAME}`, `POST ${NAME}`]);
  });

  test("because the first of the series has expired begins a new series", async () => {
    transport.answers.push(ok, { status: 404 }, ok, ok);
    recorder.record(makeWidget(), PAUSED);
    await recorder.flush();
    await clock.advance(60_000);
    for (let time = 0; time < 2; time += 1) {
      recorder.record(makeWidget(), PAUSED);
      await recorder.flush();
    }
    expect(asked().map((line) => line.split(" ")[0])).toEqual(["POST", "PATCH", "POST", "PATCH"]);
    expect(asked()[3]).toBe("PATCH 2");
  });
});

describe("bodies", () => {
  test("notes are cut at bytes, between characters", () => {
    expect(cutBytes("ok", 1024)).toBe("ok");
    const cut = cutBytes("ü".repeat(2000), 1024);
    expect([Buffer.byteLength(cut) <= 1024, cut.endsWith("ü…"), cut.includes("\uFFFD")]).toEqual([true, true, false]);
  });

  test("names stay names, however long the object's is", () => {
    const regarding = referenceOf(makeWidget({ name: `${"a".repeat(199)}.${"b".repeat(50)}` }), WIDGETS);
    const identity = { suffix: "1f", time: new Date(0), reportingInstance: "x" };
    expect(eventBody(regarding, PAUSED, identity).metadata.name).toBe(`${"a".repeat(199)}.1f`);
  });

  test("times have six digits", () => {
    expect(microTime(new Date("2026-11-22T12:00:00.123Z"))).toBe("2026-11-22T12:00:00.123000Z");
  });

  test("objects without kind are of the recorder's kind", () => {
    const { apiVersion: _version, kind: _kind, ...bare } = makeWidget();
    expect(referenceOf(bare, WIDGETS)).toMatchObject({ apiVersion: "test.pgtrickle.dev/v1", kind: "Widget" });
  });
});
