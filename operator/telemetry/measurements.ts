/** What kube/ tells about itself, turned into metrics; kube/ itself knows nothing of prom-client. */
import type { LeaseMeasurements } from "../kube/lease.ts";
import type { CallMeasurement, QueueMeasurements, ReflectorMeasurements, StatusMeasurements } from "../kube/types.ts";
import type { Metrics } from "./metrics.ts";

const MS = 1000;

export function callMeasurements({ api }: Metrics): (measurement: CallMeasurement) => void {
  return ({ verb, resource, code, durationMs }) => {
    api.calls.inc({ verb, resource, code });
    api.callDuration.observe({ verb, resource }, durationMs / MS);
  };
}

export function reflectorMeasurements({ api }: Metrics): ReflectorMeasurements {
  return {
    cached: (resource, objectCount) => api.cachedObjects.set({ resource }, objectCount),
    watchRestarted: (resource, reason) => api.watchRestarts.inc({ resource, reason }),
    missed: (resource, changeCount) => api.missedChanges.inc({ resource }, changeCount),
  };
}

export function queueMeasurements({ queue }: Metrics, name: string): QueueMeasurements {
  const labels = { name };
  return {
    added: () => queue.adds.inc(labels),
    depth: (length) => queue.depth.set(labels, length),
    waited: (durationMs) => queue.wait.observe(labels, durationMs / MS),
    worked: (durationMs) => queue.work.observe(labels, durationMs / MS),
    retried: () => queue.retries.inc(labels),
    running: (count) => queue.running.set(labels, count),
  };
}

export function statusMeasurements({ api }: Metrics): StatusMeasurements {
  return {
    conflict: () => api.statusConflicts.inc(),
  };
}

export function leaseMeasurements({ lease }: Metrics): LeaseMeasurements {
  return {
    leading: (isLeader) => lease.isLeader.set(isLeader ? 1 : 0),
    transition: () => lease.transitions.inc(),
  };
}
