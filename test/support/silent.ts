/** Loggers and measurements for tests that don't look at them. */
import type {
  Logger,
  QueueMeasurements,
  ReflectorMeasurements,
  StatusMeasurements,
} from "../../operator/kube/types.ts";

const nothing = () => undefined;

export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing };

export const silentQueue: QueueMeasurements = {
  added: nothing,
  depth: nothing,
  waited: nothing,
  worked: nothing,
  retried: nothing,
  running: nothing,
};

export const silentReflector: ReflectorMeasurements = { cached: nothing, watchRestarted: nothing, missed: nothing };

export const silentStatus: StatusMeasurements = { conflict: nothing };
