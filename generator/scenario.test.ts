import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildScenario, CORRUPTED_EVENT_COUNT, sliceEvents } from "./scenario.ts";

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("the steady scenario", () => {
  it("gives the same events for the same seed, today and in a year", () => {
    expect(sliceEvents(buildScenario("steady", "7"), 0, 3)).toMatchInlineSnapshot(`
      [
        {
          "eventId": "61197a43-5bd4-4d8f-a855-5c1fa8f2bfb2",
          "eventType": "click",
          "value": 50,
        },
        {
          "eventId": "0b94dfac-fccc-487f-b5e4-63ac3929672e",
          "eventType": "click",
          "value": 50,
        },
        {
          "eventId": "2d86e188-32e8-45e0-956a-2116d1a0f42d",
          "eventType": "purchase",
          "value": 500,
        },
      ]
    `);
  });

  it("gives other events for another seed", () => {
    const first = sliceEvents(buildScenario("steady", "7"), 0, 50);
    const second = sliceEvents(buildScenario("steady", "8"), 0, 50);
    const ids = new Set([...first, ...second].map((event) => event.eventId));
    expect(ids.size).toBe(100);
  });

  it("does not depend on how it is cut into batches", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 8 }), (seed, sizes) => {
        const scenario = buildScenario("steady", seed);
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const cut: unknown[] = [];
        for (const size of sizes) {
          cut.push(...sliceEvents(scenario, cut.length, size));
        }
        expect(cut).toEqual(sliceEvents(scenario, 0, total));
      }),
      { numRuns: 30 },
    );
  });

  it("mixes click, view and purchase as 57 : 36 : 7 with the values of the demo document", () => {
    const events = sliceEvents(buildScenario("steady", "mix"), 0, 10_000);
    const share = (eventType: string) => events.filter((event) => event.eventType === eventType).length / 100;
    expect(share("click")).toBeCloseTo(57, -0.5);
    expect(share("view")).toBeCloseTo(36, -0.5);
    expect(share("purchase")).toBeCloseTo(7, -0.5);
    const values = new Set(events.map((event) => `${event.eventType} ${event.value}`));
    expect(values).toEqual(new Set(["click 50", "view 50", "purchase 500"]));
  });

  it("makes valid, distinct version 4 UUIDs", () => {
    const events = sliceEvents(buildScenario("steady", "ids"), 0, 2000);
    expect(events.every((event) => UUID_V4.test(event.eventId))).toBe(true);
    expect(new Set(events.map((event) => event.eventId)).size).toBe(2000);
  });
});

describe("the corrupted scenario", () => {
  it("is the demo document's bad batch job: 1,000 events of one bogus type and value, then nothing", () => {
    const scenario = buildScenario("corrupted", "7");
    const events = sliceEvents(scenario, 0, 5000);
    expect(events).toHaveLength(CORRUPTED_EVENT_COUNT);
    expect(new Set(events.map((event) => `${event.eventType} ${event.value}`))).toEqual(
      new Set(["CORRUPTED_EVENT 999999"]),
    );
    expect(sliceEvents(scenario, CORRUPTED_EVENT_COUNT, 50)).toEqual([]);
  });

  it("shares no event id with the steady scenario of the same seed", () => {
    const steady = sliceEvents(buildScenario("steady", "7"), 0, 1000);
    const corrupted = sliceEvents(buildScenario("corrupted", "7"), 0, 1000);
    expect(new Set([...steady, ...corrupted].map((event) => event.eventId)).size).toBe(2000);
  });
});
