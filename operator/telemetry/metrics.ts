/**
 * All metrics of the operator, by name. Labels are bounded: never an object's name, never a path, never a message.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** From a millisecond in the queue to an hour in a phase. */
const QUEUE_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120];
const CALL_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const PHASE_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3600];

function queueMetrics(registers: [Registry]) {
  const labelNames = ["name"] as const;
  const options = <Name extends string>(name: Name, help: string) => ({ name, help, labelNames, registers });
  return {
    depth: new Gauge(options("workqueue_depth", "Keys waiting to be worked on.")),
    adds: new Counter(options("workqueue_adds_total", "Keys added to the queue.")),
    retries: new Counter(options("workqueue_retries_total", "Passes that failed and were put back.")),
    running: new Gauge(options("workqueue_running", "Passes in work.")),
    wait: new Histogram({
      ...options("workqueue_queue_duration_seconds", "Time between the adding of a key and the start of its pass."),
      buckets: QUEUE_BUCKETS,
    }),
    work: new Histogram({
      ...options("workqueue_work_duration_seconds", "Duration of a pass."),
      buckets: QUEUE_BUCKETS,
    }),
  };
}

function apiMetrics(registers: [Registry]) {
  return {
    calls: new Counter({
      name: "strw_api_calls_total",
      help: "Calls of the API server, each attempt counted, by HTTP status or timeout, transport, aborted.",
      labelNames: ["verb", "resource", "code"] as const,
      registers,
    }),
    callDuration: new Histogram({
      name: "strw_api_call_duration_seconds",
      help: "Duration of an attempt to call the API server.",
      labelNames: ["verb", "resource"] as const,
      buckets: CALL_BUCKETS,
      registers,
    }),
    watchRestarts: new Counter({
      name: "strw_watch_restarts_total",
      help: "Watches that ended, by reason; `end` is the normal one.",
      labelNames: ["resource", "reason"] as const,
      registers,
    }),
    missedChanges: new Counter({
      name: "strw_missed_changes_total",
      help: "Changes that a watch lost and a list brought.",
      labelNames: ["resource"] as const,
      registers,
    }),
    cachedObjects: new Gauge({
      name: "strw_cached_objects",
      help: "Objects in the cache.",
      labelNames: ["resource"] as const,
      registers,
    }),
    statusConflicts: new Counter({
      name: "strw_status_conflicts_total",
      help: "Status writes that found the object changed since it was observed.",
      registers,
    }),
  };
}

function rewindMetrics(registers: [Registry]) {
  return {
    rewinds: new Gauge({
      name: "strw_rewinds",
      help: "StreamTableRewinds by phase.",
      labelNames: ["phase"] as const,
      registers,
    }),
    finished: new Counter({
      name: "strw_rewinds_finished_total",
      help: "StreamTableRewinds that reached a terminal phase, by phase.",
      labelNames: ["phase"] as const,
      registers,
    }),
    phaseDuration: new Histogram({
      name: "strw_rewind_phase_seconds",
      help: "Time that a rewind spent in a phase.",
      labelNames: ["phase"] as const,
      buckets: PHASE_BUCKETS,
      registers,
    }),
    stepRetries: new Counter({
      name: "strw_step_retries_total",
      help: "Failed attempts of a step, also those that are not tried again.",
      labelNames: ["step", "reason"] as const,
      registers,
    }),
    claimsHeld: new Gauge({
      name: "strw_db_claims_held",
      help: "Stream tables that rewinds of this cluster have claimed.",
      registers,
    }),
    tablesHeld: new Gauge({
      name: "strw_tables_held",
      help: "Stream tables held (paused) by a rewind that needs a person: failed with failurePolicy Hold, or waiting.",
      labelNames: ["reason"] as const,
      registers,
    }),
    reconciles: new Counter({
      name: "strw_reconciles_total",
      help: "Passes of the controller, by result.",
      labelNames: ["result"] as const,
      registers,
    }),
    databaseErrors: new Counter({
      name: "strw_database_errors_total",
      help: "Target databases that could not be asked or have refused, by kind, and by SQLSTATE where the server gave one.",
      labelNames: ["kind", "sqlstate"] as const,
      registers,
    }),
  };
}

function leaseMetrics(registers: [Registry]) {
  return {
    isLeader: new Gauge({
      name: "strw_is_leader",
      help: "1 while this replica leads, or works without leader election.",
      registers,
    }),
    transitions: new Counter({
      name: "strw_lease_transitions_total",
      help: "Changes of the leader that this replica has seen.",
      registers,
    }),
  };
}

export interface MetricsOptions {
  /** CPU, memory, event loop of the process; they keep a timer, so that tests leave them away. */
  readonly processMetrics: boolean;
}

export function createMetrics(options: MetricsOptions) {
  const registry = new Registry();
  const registers: [Registry] = [registry];
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  return {
    registry,
    queue: queueMetrics(registers),
    api: apiMetrics(registers),
    rewind: rewindMetrics(registers),
    lease: leaseMetrics(registers),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
