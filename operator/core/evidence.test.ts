/** What contradicts is told before anything runs and afterwards, with both row counts, by each of the ways. */
import { describe, expect, it } from "vitest";
import { makeObserved, makePlanOf, makeSpec } from "../../test/support/make-observed.ts";
import { makeWorld, modelTable, observeModel } from "../../test/support/model-world.ts";
import type { StreamTableRewindSpecInput } from "../api/spec.ts";
import type { Contradiction } from "../api/status.ts";
import { decide } from "./decide.ts";

const contradiction: Contradiction = {
  recorded: { rowCount: 105, fingerprint: "105-a", refreshId: 3, at: "2026-11-22T11:00:00.000Z" },
  lake: { rowCount: 135, fingerprint: "135-b" },
  sample: [
    { change: "-", row: '{"k":"a","n":105}' },
    { change: "+", row: '{"k":"a","n":135}' },
  ],
};
const bothSides =
  `${modelTable}: the lake gives 135 rows there now (fingerprint 135-b, among them {"k":"a","n":135}), ` +
  'and refresh 3 published 105 rows (fingerprint 105-a, among them {"k":"a","n":105}) at 2026-11-22T11:00:00.000Z; ';

type Spec = Partial<StreamTableRewindSpecInput>;

function told(spec: Spec, way: string, found: Contradiction | null = contradiction) {
  const given = makeSpec(spec);
  const table = { name: modelTable, from: 57, to: 42, strategy: way, ...(found && { contradiction: found }) };
  const plan = makePlanOf(given, { tables: [table] });
  const { status, message } = decide(makeObserved({ spec: given, memory: { plan } }));
  return { message, planned: status.conditions?.find(({ type }) => type === "Planned")?.message ?? "" };
}

describe("a plan that contradicts", () => {
  it.each<[name: string, Spec, way: string, says: RegExp]>([
    ["Auto, where the journal reaches", {}, "Journal", /the published rows will be taken, by the journal$/],
    ["Auto, where it does not", {}, "Full", /will be refused: .*strategy Journal.*acceptContradiction: true/],
    ["Full", { strategy: "Full" }, "Journal", /will be refused: .*strategy Journal.*acceptContradiction: true/],
    ["Journal", { strategy: "Journal" }, "Journal", /the published rows will be taken, by the journal$/],
    [
      "accepted",
      { acceptContradiction: true },
      "Journal",
      /the lake's rows will be published \(spec\.acceptContradiction\)$/,
    ],
  ])("%s: both sides and what follows in condition Planned", (_name, spec, way, says) => {
    const { planned } = told(spec, way);
    expect(planned).toContain(bothSides);
    expect(planned).toMatch(says);
  });

  it("is in the message that asks for approval, after what to do", () => {
    const { message } = told({ approval: { mode: "Manual" } }, "Journal");
    expect(message).toContain(`}}}' # Contradiction: ${bothSides}`);
  });

  it("is in the message of a dry run", () => {
    expect(told({ dryRun: true }, "Full").message).toContain(`Nothing was changed. Contradiction: ${bothSides}`);
  });

  it("says nothing where nothing contradicts", () => {
    expect(told({}, "Journal", null).planned).toMatch(/^plan \w+ to snapshot 42$/);
    expect(told({ dryRun: true }, "Full", null).message).toMatch(/Nothing was changed\.$/);
  });
});

describe("a rewind that met a contradiction", () => {
  it.each([
    ["recorded", "the published rows were taken"],
    ["lake", "the lake's rows were published, as accepted"],
  ] as const)("says in condition Verified and in its tables whose rows were taken: %s", (taken, says) => {
    const world = observeModel(
      makeWorld({
        operation: { token: 1 },
        claimedByUs: true,
        steps: [{ name: "Rewind", outcome: "Done", attempt: 1 }],
      }),
    );
    const steps = world.steps.map((step) => ({
      ...step,
      after: [{ name: modelTable, snapshotId: 42, contradiction: { ...contradiction, taken } }],
    }));
    const { status } = decide(makeObserved({ world: { ...world, steps }, object: { hasFinalizer: true } }));
    const verified = status.conditions?.find(({ type }) => type === "Verified");
    expect(verified).toMatchObject({
      status: "True",
      message: `checked before the commit, against the query or against the fingerprint that was recorded. ${bothSides}${says}`,
    });
    expect(status.tables).toMatchObject([{ name: modelTable, contradiction: { taken } }]);
  });
});
