/**
 * No declared reason is dead, and none is told that is not declared: rewinds are played through the controller, and what their
 * statuses, conditions and events say is compared with api/reasons.ts. No failure is made up with a reason: databases fail by
 * SQLSTATE, Secrets as the API server answers.
 */
import { DatabaseError } from "pg";
import { expect, it } from "vitest";
import { fakeDriver } from "../test/support/fake-trickle.ts";
import { driverWith, FakedOperator, type FakedOptions } from "../test/support/faked-operator.ts";
import { startedAt } from "../test/support/make-observed.ts";
import { makeWorld, observeModel } from "../test/support/model-world.ts";
import { Reason } from "./api/reasons.ts";
import { phases } from "./api/status.ts";
import { classified } from "./database/errors.ts";
import { type CallContext, LakeState, PostgresState, TrickleState } from "./database/sqlstate.ts";
import { ApiError } from "./kube/errors.ts";

const apiError = (status: number, reason: string) => async () => {
  throw new ApiError({ verb: "GET", path: "/fake", status, reason, message: "made up" });
};

function serverError(code: string, context: CallContext) {
  return classified(Object.assign(new DatabaseError("made up", 0, "error"), { code }), context);
}

type Driver = NonNullable<FakedOptions["driver"]>;

/** The database refuses once and for all what is done in this context. */
function refusing(code: string | undefined, context: CallContext): Driver {
  const error = code === undefined ? classified(new Error("made up"), context) : serverError(code, context);
  const refuse = () => Promise.reject(error);
  if (context === "connect") return () => ({ open: refuse });
  const method = { call: "pause", move: "rewind", repair: "repair" }[context];
  return driverWith({ [method]: refuse });
}

const awayWhenDeleted: Driver = (outside) => ({
  open: (...given) =>
    outside.object?.metadata.deletionTimestamp === undefined
      ? fakeDriver(outside).open(...given)
      : Promise.reject(serverError("57P03", "connect")),
});

type Scenario = readonly [name: string, options: FakedOptions, play: (operator: FakedOperator) => Promise<void>];

const through = (operator: FakedOperator) => operator.play();

/** Plays until it waits for a person, has that person do something, and plays on. */
const andThen = (person: (operator: FakedOperator) => void) => async (operator: FakedOperator) => {
  await operator.play(3);
  person(operator);
  await operator.play();
};

const hashOf = ({ statuses }: FakedOperator) => statuses.findLast(({ plan }) => plan !== undefined)?.plan?.hash ?? "";
const manual = { mode: "Manual" as const };
const healed = { at: new Date(startedAt + 1_000).toISOString(), found: "drift: 3 rows, the query gives 4" };
const otherwise = observeModel(makeWorld());

const scenarios: readonly Scenario[] = [
  ["goes well", {}, through],
  ["goes well on a table that a person had paused", { world: { holders: ["a person"] } }, through],
  ["waits for another cluster's rewind", { world: { claimedByOther: true }, clusterId: "another" }, through],
  ["frees an orphan", { world: { claimedByOther: true } }, through],
  [
    "is approved",
    { spec: { approval: manual } },
    andThen((o) => o.edit({ approval: { ...manual, planHash: hashOf(o) } })),
  ],
  [
    "is approved by a hash that is no more",
    { spec: { approval: manual } },
    andThen((o) => o.edit({ approval: { ...manual, planHash: "f".repeat(64) } })),
  ],
  ["waits for its resume", { spec: { resume: { policy: "Manual" } } }, through],
  ["is left paused", { spec: { resume: { policy: "Never" } } }, through],
  ["is a dry run", { spec: { dryRun: true } }, through],
  ["was done before", { world: { alreadyDone: { uid: "earlier", finishedAt: "2026-11-22T11:00:00.000Z" } } }, through],
  ["is aborted", { spec: { approval: manual } }, andThen((o) => o.edit({ abort: true }))],
  ["is deleted", { spec: { approval: { ...manual, hold: true } } }, andThen((o) => o.delete())],
  [
    "is deleted while its database is away",
    { spec: { approval: { ...manual, hold: true } }, driver: awayWhenDeleted },
    async (operator) => {
      await operator.play(2);
      operator.delete();
      await operator.play(100);
    },
  ],
  ["is deleted after its time", { spec: { ttlSecondsAfterFinished: 10 } }, through],
  [
    "misses its deadline",
    { spec: { activeDeadlineSeconds: 60 }, driver: refusing("40001", "move") },
    (o) => o.play(40),
  ],
  ["fails too often", { spec: { backoffLimit: 1 }, driver: refusing("40001", "move") }, through],
  ["is not valid", { spec: { streamTables: ["public.a", "public.a"] } }, through],
  ["has no Secret", { getSecret: apiError(404, "NotFound") }, (o) => o.play(80)],
  ["may not have the Secret", { getSecret: apiError(403, "Forbidden") }, through],
  ["has a Secret that is none", { uri: "db.example" }, through],
  ["ended, and nobody knows why", { world: { operation: { token: 1, outcome: "Failed" } } }, through],
  [
    "waits while a scrub heals its table",
    {
      spec: { approval: manual },
      driver: driverWith({
        observe: async () => ({ ...otherwise, tables: otherwise.tables.map((table) => ({ ...table, healed })) }),
      }),
    },
    through,
  ],
];

const contexts: readonly CallContext[] = ["connect", "call", "move", "repair"];
/** A connection that is refused is refused by PostgreSQL itself. */
const codesIn = (context: CallContext): readonly string[] =>
  context === "connect" ? Object.values(PostgresState) : codes;
const codes = [TrickleState, LakeState, PostgresState].flatMap((states): string[] => Object.values(states));
/** One of each class that is told apart by its class alone. */
const ofClasses = ["22012", "08006", "53300", "57P03", "XX000"];

const refusals: readonly Scenario[] = contexts.flatMap((context) =>
  [undefined, ...codesIn(context), ...ofClasses].map(
    (code): Scenario => [
      `is refused with ${code} in a ${context}`,
      { driver: refusing(code, context) },
      (o) => o.play(2),
    ],
  ),
);

function told({ statuses, events }: FakedOperator): string[] {
  return [
    ...statuses.flatMap(({ reason, conditions = [], retry, failure }) => [
      ...[reason, retry?.reason, failure?.reason].filter((one) => one !== undefined),
      ...conditions.map((condition) => condition.reason),
    ]),
    ...events.map(({ reason }) => reason),
  ];
}

async function playAll(): Promise<Set<string>> {
  const all = new Set<string>();
  for (const [, options, play] of [...scenarios, ...refusals]) {
    const operator = new FakedOperator(options);
    await play(operator);
    for (const reason of told(operator)) all.add(reason);
  }
  return all;
}

it("each reason is told in some scenario, and no other is told", async () => {
  const all = await playAll();
  const declared: readonly string[] = Object.values(Reason);
  expect(declared.filter((reason) => !all.has(reason))).toEqual([]);
  // An event of a change of phase has the phase as its reason.
  expect(
    [...all].filter((reason) => !declared.includes(reason) && !(phases as readonly string[]).includes(reason)),
  ).toEqual([]);
});
