// The story that the demo plays: what is done, what is shown, and what is claimed about it.

import { readFileSync } from "node:fs";
import { type Ledger, sameValue } from "./claims.ts";
import { fillExample } from "./manifest.ts";
import { renderSeconds, renderStages, renderSummary } from "./render.ts";
import { applyAndWatch, conditionStatus, type FinishedRewind } from "./rewind.ts";
import type { Screen } from "./screen.ts";
import type { DemoStack } from "./stack.ts";
import { CORRUPTED, differences, eventCount, hasCorruption } from "./summary.ts";
import { waitFor } from "./wait.ts";
import { type Reader, startReader, type TableState, type Witness } from "./witness.ts";

const EXAMPLE = "examples/rollback-corrupted-events.yaml";
const REFRESH_MS = 30_000;

export interface Stage {
  readonly stack: DemoStack;
  readonly witness: Witness;
  readonly screen: Screen;
  readonly ledger: Ledger;
}

function claim({ ledger, screen }: Stage, text: string, problems: readonly string[]): void {
  screen.claim(ledger.check(text, problems));
}

async function waitForTable(
  { witness }: Stage,
  what: string,
  isSo: (state: TableState) => boolean,
): Promise<TableState> {
  return waitFor(
    async () => {
      const state = await witness.readTable();
      return isSo(state) ? state : undefined;
    },
    { what, timeoutMs: REFRESH_MS },
  );
}

async function claimTruth(stage: Stage, state: TableState, text: string): Promise<void> {
  claim(stage, text, differences(state.summary, await stage.witness.truthAt(state.snapshotId)));
}

async function playGrowth(stage: Stage): Promise<TableState> {
  const { screen } = stage;
  screen.act("The generator writes, the summary grows");
  await stage.stack.startGenerator();
  const first = await waitForTable(stage, "event_summary has rows", ({ summary }) => summary.length === 3);
  const grown = await waitForTable(
    stage,
    "event_summary grows",
    ({ summary, snapshotId }) => snapshotId > first.snapshotId && eventCount(summary) > eventCount(first.summary),
  );
  const seen = [first, grown].map((state) => `${eventCount(state.summary)} events at snapshot ${state.snapshotId}`);
  screen.line(seen.join(", then "));
  screen.lines(renderSummary(grown.summary));
  const wrong = [first, grown].map(async ({ summary, snapshotId }) =>
    differences(summary, await stage.witness.truthAt(snapshotId)),
  );
  claim(
    stage,
    "both times the same numbers as a plain DuckDB counts at that snapshot",
    (await Promise.all(wrong)).flat(),
  );
  return grown;
}

async function playBadBatch(stage: Stage, good: TableState): Promise<TableState> {
  const { screen } = stage;
  screen.act(`Snapshot ${good.snapshotId} is good. Then a bad batch job writes 1,000 ${CORRUPTED} rows`);
  const ending = await stage.stack.runBadBatchJob();
  claim(stage, "the job wrote them through lake.events and ended", sameValue(ending, "generator exited with code 0"));
  const corrupt = await waitForTable(stage, "the summary is corrupt", ({ summary }) => hasCorruption(summary));
  screen.lines(renderSummary(corrupt.summary));
  const bad = corrupt.summary.find((row) => row.event_type === CORRUPTED);
  claim(stage, "the summary counts 1,000 bogus events worth 999,999,000", [
    ...sameValue(bad?.event_count, "1000"),
    ...sameValue(bad?.total_value, "999999000"),
  ]);
  await claimTruth(
    stage,
    corrupt,
    `and so does DuckDB at snapshot ${corrupt.snapshotId}: the source is wrong, not the table`,
  );
  return corrupt;
}

interface Rollback {
  readonly finished: FinishedRewind;
  readonly reader: Reader;
}

async function playRollback(stage: Stage, good: TableState): Promise<Rollback> {
  const { screen, stack } = stage;
  screen.act(`kubectl apply -f ${EXAMPLE}   (snapshotId: ${good.snapshotId})`);
  const manifest = fillExample({
    example: readFileSync(new URL(`../${EXAMPLE}`, import.meta.url), "utf8"),
    goodSnapshot: good.snapshotId,
  });
  const reader = startReader(stage.witness);
  try {
    const finished = await applyAndWatch(stack.kubectl, manifest, (phase, elapsedMs) => {
      screen.line(`${renderSeconds(elapsedMs).padStart(7)}   ${phase}`);
    });
    return { finished, reader };
  } finally {
    await reader.stop();
  }
}

async function claimReaders(stage: Stage, states: readonly TableState[]): Promise<void> {
  const problems: string[] = [];
  for (const state of states) {
    const wrong = differences(state.summary, await stage.witness.truthAt(state.snapshotId));
    problems.push(...wrong.map((text) => `at snapshot ${state.snapshotId}: ${text}`));
  }
  claim(stage, `each of the ${states.length} states that a reader saw was the query at one snapshot`, problems);
}

async function playComparison(stage: Stage, moments: { good: TableState; corrupt: TableState; rollback: Rollback }) {
  const { screen, witness } = stage;
  const { good, corrupt, rollback } = moments;
  screen.act("The table before, rewound, and after repair and replay");
  const { states } = rollback.reader;
  const rewoundAt = states.findIndex((state) => state.snapshotId === good.snapshotId);
  const rewound = states[rewoundAt];
  const replayed = await witness.readTable();
  const before = states.slice(0, Math.max(rewoundAt, 0)).at(-1) ?? corrupt;
  screen.lines(
    renderStages([
      { title: `before, @${before.snapshotId}`, summary: before.summary },
      { title: `rewound, @${good.snapshotId}`, summary: rewound?.summary ?? [] },
      { title: `replayed, @${replayed.snapshotId}`, summary: replayed.summary },
    ]),
  );
  const rewoundText = `rewound, it was what it had been at snapshot ${good.snapshotId}, and what DuckDB counts there`;
  claim(stage, rewoundText, [
    ...(rewound === undefined ? ["no reader saw the rewound table"] : differences(rewound.summary, good.summary)),
    ...differences(good.summary, await witness.truthAt(good.snapshotId)),
  ]);
  await claimTruth(stage, replayed, `replayed, it is what DuckDB counts at snapshot ${replayed.snapshotId}`);
  const relapsed = states.slice(Math.max(rewoundAt, 0)).some((state) => hasCorruption(state.summary));
  claim(stage, `from the rewind on, no reader saw a ${CORRUPTED}`, relapsed ? ["a reader saw it again"] : []);
  await claimReaders(stage, states);
  const events = await witness.cleanEventsAt(replayed.snapshotId);
  claim(stage, `no good event was lost: ${events}`, sameValue(String(eventCount(replayed.summary)), String(events)));
  return replayed;
}

async function playVerification(
  stage: Stage,
  moments: { good: TableState; finished: FinishedRewind; replayed: TableState },
) {
  const { screen, witness } = stage;
  const { object } = moments.finished;
  screen.act("Verification");
  const status = object.status ?? {};
  claim(stage, `the object says Succeeded after ${renderSeconds(moments.finished.durationMs)}`, [
    ...sameValue(status.phase, "Succeeded"),
    ...(status.phase === "Succeeded" ? [] : [status.message ?? "without a message"]),
  ]);
  for (const type of ["Ready", "Rewound", "Verified", "Resumed"]) {
    claim(stage, `condition ${type}`, sameValue(conditionStatus(object, type), "True"));
  }
  claim(stage, "its plan aimed at the good snapshot", sameValue(status.plan?.target, moments.good.snapshotId));
  claim(stage, "its repair deleted 1,000 rows", sameValue(status.repair?.rowCounts, [1000]));
  claim(
    stage,
    `its status ends where the table was: snapshot ${status.tables?.[0]?.contentsSnapshotId}, nothing left to replay`,
    [
      ...sameValue(status.replay?.lag, 0),
      ...sameValue(Number(status.tables?.[0]?.contentsSnapshotId) >= Number(status.repair?.snapshotId), true),
    ],
  );
  const commits = await witness.repairCommits(object.metadata.uid);
  const commitText = commits.map((commit) => `snapshot ${commit.snapshotId}, "${commit.message}"`).join("; ");
  claim(stage, `the lake has one commit of it: ${commitText}`, sameValue(commits.length, 1));
  const { rows } = await witness.pool.query(
    "select ok, row_count::int from pgtrickle.verify('public.event_summary', 'rows')",
  );
  claim(stage, "pgtrickle.verify: the table is its query, row by row", sameValue(rows[0]?.ok, true));
  const later = await waitForTable(
    stage,
    "the table goes on",
    ({ status: state, snapshotId }) => state === "ACTIVE" && snapshotId > moments.replayed.snapshotId,
  );
  await claimTruth(stage, later, `the scheduler goes on: ACTIVE, now at snapshot ${later.snapshotId}`);
}

export async function playIncident(stage: Stage): Promise<void> {
  const { screen, stack } = stage;
  const good = await playGrowth(stage);
  const corrupt = await playBadBatch(stage, good);
  const rollback = await playRollback(stage, good);
  const replayed = await playComparison(stage, { good, corrupt, rollback });
  await playVerification(stage, { good, finished: rollback.finished, replayed });
  const { name } = rollback.finished.object.metadata;
  screen.act("kubectl get strw");
  screen.quiet(await stack.kubectl.run(["get", "strw", name]));
  screen.act(`kubectl describe strw ${name}`);
  screen.quiet(await stack.kubectl.run(["describe", "strw", name]));
}
