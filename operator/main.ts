/** Composition root of the operator: config → logger → clients → services → signals. Nothing else wires. */
import { pino } from "pino";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { Controller } from "./controller.ts";
import { createTrickleDriver } from "./database/trickle-driver.ts";
import type { RewindObject } from "./gather.ts";
import { systemClock } from "./kube/clock.ts";
import { loadKubeConfig } from "./kube/connection.ts";
import { connectKubernetes, type Kubernetes } from "./kube/kubernetes.ts";
import { createWorkQueue } from "./kube/queue.ts";
import { streamTableRewinds } from "./kube/resources.ts";
import type { Reflector, WorkQueue } from "./kube/types.ts";
import { livenessProblems, readinessProblems } from "./telemetry/health.ts";
import { type LoopLag, measureLoopLag } from "./telemetry/loop-lag.ts";
import {
  callMeasurements,
  queueMeasurements,
  reflectorMeasurements,
  statusMeasurements,
} from "./telemetry/measurements.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";
import { countRewinds, rewindMeasurements } from "./telemetry/rewinds.ts";
import { startProbeServer } from "./telemetry/server.ts";

const clock = systemClock;
const random = Math.random;

function configOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`wrong configuration:\n${error.message}\n`);
    return process.exit(2);
  }
}

function createLogger({ logLevel }: Config) {
  const secrets = ["password", "uri", "connectionString", "data", "stringData", "token"];
  return pino({
    base: { pid: process.pid },
    level: logLevel,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secrets.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: "[redacted]" },
  });
}

type Logger = ReturnType<typeof createLogger>;

interface Parts {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly kubernetes: Kubernetes;
}

function createController({ config, logger, metrics, kubernetes }: Parts) {
  const { client } = kubernetes;
  const objects = client.resource<RewindObject>(streamTableRewinds);
  const events = kubernetes.eventRecorder(streamTableRewinds, config.instance);
  const controller = new Controller({
    sources: {
      objects,
      secrets: client,
      driver: createTrickleDriver(),
      clusterId: () => (config.clusterId === undefined ? client.clusterId() : Promise.resolve(config.clusterId)),
      now: () => clock.now(),
      random,
    },
    status: kubernetes.statusWriter<RewindObject>(streamTableRewinds),
    events,
    logger,
    measurements: rewindMeasurements(metrics, clock),
  });
  return { controller, events };
}

interface Services extends Parts {
  readonly reflector: Reflector<RewindObject>;
  readonly queue: WorkQueue;
  readonly loopLag: LoopLag;
}

function startProbes({ config, metrics, reflector, loopLag }: Services, isShuttingDown: () => boolean) {
  return startProbeServer({
    address: config.metricsAddress,
    metrics: {
      contentType: metrics.registry.contentType,
      metrics: () => {
        countRewinds(metrics, reflector.store);
        return metrics.registry.metrics();
      },
    },
    liveness: () => livenessProblems({ loopLagMs: loopLag.worstMs(), reflectorAgeMs: reflector.ageMs() }),
    readiness: () => readinessProblems({ cachesSynced: reflector.hasSynced(), isShuttingDown: isShuttingDown() }),
  });
}

function createServices(config: Config, logger: Logger): Services {
  const metrics = createMetrics({ processMetrics: true });
  const kubernetes = connectKubernetes({
    config: loadKubeConfig(),
    clock,
    random,
    logger,
    measurements: {
      call: callMeasurements(metrics),
      reflector: reflectorMeasurements(metrics),
      status: statusMeasurements(metrics),
    },
  });
  return {
    ...{ config, logger, metrics, kubernetes, loopLag: measureLoopLag(clock) },
    reflector: kubernetes.reflector<RewindObject>(streamTableRewinds, config.namespaces),
    queue: createWorkQueue({
      ...{ clock, random, logger, concurrency: config.concurrency },
      measurements: queueMeasurements(metrics, streamTableRewinds.plural),
    }),
  };
}

async function main(): Promise<void> {
  const config = configOrExit();
  const logger = createLogger(config);
  const services = createServices(config, logger);
  const { reflector, queue, kubernetes, loopLag } = services;
  const { controller, events } = createController(services);
  const stopping = Promise.withResolvers<NodeJS.Signals>();
  let isShuttingDown = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.resolve(signal));

  const probes = await startProbes(services, () => isShuttingDown);
  reflector.onChange((key) => {
    if (reflector.store.get(key)?.metadata.deletionTimestamp !== undefined) controller.interrupt(key);
    queue.add(key);
  });
  queue.start((key, signal) => controller.reconcile(key, signal));
  reflector.start();
  logger.info({ metricsPort: probes.port, namespaces: config.namespaces }, "operator is started");
  await reflector.waitForSync();
  logger.info({ objects: reflector.store.size }, "operator is ready");

  const signal = await stopping.promise;
  isShuttingDown = true;
  logger.info({ signal }, "operator is stopping");
  await reflector.stop();
  await queue.drain(config.shutdownPatienceMs);
  await events.flush();
  await probes.close();
  loopLag.stop();
  kubernetes.close();
  logger.info({}, "operator is stopped");
}

await main();
