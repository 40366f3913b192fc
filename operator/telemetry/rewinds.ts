/** Metrics of the rewinds themselves: told by the controller, or counted over the cache when somebody scrapes. */
import { isTerminal, type Phase, phases, statusSchema, terminalPhases } from "../api/status.ts";
import type { ControllerMeasurements } from "../controller.ts";
import { databaseTroubles } from "../core/observed.ts";
import { boundedSqlState } from "../database/sqlstate.ts";
import type { Clock, CustomObject, Store } from "../kube/types.ts";
import type { Metrics } from "./metrics.ts";

const MS = 1000;

export function rewindMeasurements({ rewind }: Metrics, clock: Clock): ControllerMeasurements {
  /** When each rewind entered its phase; from before a restart it is not known, and not guessed. */
  const since = new Map<string, number>();
  // a counter that appears with its first failure has never risen, for Prometheus
  for (const phase of terminalPhases) rewind.finished.inc({ phase }, 0);
  for (const kind of databaseTroubles) rewind.databaseErrors.inc({ kind, sqlstate: "" }, 0);
  return {
    passed: (result) => rewind.reconciles.inc({ result }),
    phaseChanged: (uid, from, to) => {
      const nowMs = clock.monotonicMs();
      const enteredMs = since.get(uid);
      if (from !== undefined && enteredMs !== undefined) {
        rewind.phaseDuration.observe({ phase: from }, (nowMs - enteredMs) / MS);
      }
      since.set(uid, nowMs);
      if (!isTerminal(to)) return;
      rewind.finished.inc({ phase: to });
      since.delete(uid);
    },
    stepFailed: (step, reason) => rewind.stepRetries.inc({ step, reason }),
    databaseFailed: (kind, sqlState) => rewind.databaseErrors.inc({ kind, sqlstate: boundedSqlState(sqlState) }),
  };
}

/** Phases in which tables stay held until a person does something. */
const phasesThatHold = ["AwaitingApproval", "AwaitingResume", "Failed", "Aborted"] as const satisfies readonly Phase[];

interface Standing {
  readonly phase: Phase;
  readonly tables: number;
  readonly held: number;
  readonly started: boolean;
}

function standingOf(object: CustomObject): Standing {
  const parsed = statusSchema.safeParse(object.status ?? {});
  const { phase = "Pending", tables = [], startTime } = parsed.success ? parsed.data : {};
  const held = tables.filter((table) => table.held).length;
  return { phase, tables: tables.length, held, started: startTime !== undefined };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Called at a scrape. */
export function countRewinds({ rewind }: Metrics, store: Store<CustomObject>): void {
  const standings = store.list().map(standingOf);
  for (const phase of phases) {
    rewind.rewinds.set({ phase }, standings.filter((standing) => standing.phase === phase).length);
  }
  const running = standings.filter(({ phase, started }) => started && !isTerminal(phase));
  rewind.claimsHeld.set(sum(running.map(({ tables }) => tables)));
  for (const reason of phasesThatHold) {
    rewind.tablesHeld.set({ reason }, sum(standings.filter(({ phase }) => phase === reason).map(({ held }) => held)));
  }
}
