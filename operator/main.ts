/** Composition root of the operator: config → logger → clients → services → signals. Nothing else wires. */
import { pino } from "pino";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { Controller } from "./controller.ts";
import { createTrickleDriver } from "./database/trickle-driver.ts";
import { isEnding, type RewindObject } from "./gather.ts";
import { loadAccess } from "./kube/access.ts";
import { systemClock } from "./kube/clock.ts";
import { connectKubernetes, type Kubernetes } from "./kube/kubernetes.ts";
import type { Elector } from "./kube/lease.ts";
import type { Prerequisites } from "./kube/prerequisites.ts";
import { createWorkQueue } from "./kube/queue.ts";
import { streamTableRewinds } from "./kube/resources.ts";
import { operatorRights } from "./kube/rights.ts";
import { sleep } from "./kube/sleep.ts";
import type { ClusterAccess, Reflector, WorkQueue } from "./kube/types.ts";
import { livenessProblems, readinessProblems } from "./telemetry/health.ts";
import { type LoopLag, measureLoopLag } from "./telemetry/loop-lag.ts";
import {
  callMeasurements,
  leaseMeasurements,
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

interface Services extends Parts {
  readonly reflector: Reflector<RewindObject>;
  readonly queue: WorkQueue;
  readonly loopLag: LoopLag;
  readonly prerequisites: Prerequisites;
  /** undefined: this is the only replica. */
  readonly elector: Elector | undefined;
}

function createController({ config, logger, metrics, kubernetes, queue }: Services) {
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
    wake: (key) => queue.add(key),
  });
  return { controller, events };
}

function startProbes(services: Services, isShuttingDown: () => boolean) {
  const { config, metrics, reflector, loopLag, prerequisites } = services;
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
    readiness: () =>
      readinessProblems({
        cachesSynced: reflector.hasSynced(),
        isShuttingDown: isShuttingDown(),
        missing: prerequisites.problems(),
      }),
  });
}

function createElector({ config, kubernetes, metrics }: Parts): Elector | undefined {
  const measurements = leaseMeasurements(metrics);
  if (config.lease !== undefined) {
    return kubernetes.elector({ ...config.lease, instance: config.instance, measurements });
  }
  measurements.leading(true);
  return undefined;
}

function createServices(config: Config, logger: Logger, access: ClusterAccess): Services {
  const metrics = createMetrics({ processMetrics: true });
  const kubernetes = connectKubernetes({
    access,
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
    elector: createElector({ config, logger, metrics, kubernetes }),
    prerequisites: kubernetes.prerequisites({
      ...{ definition: streamTableRewinds, namespaces: config.namespaces, logger },
      ...{ rights: operatorRights(config.namespaces, config.lease), periodMs: config.prerequisitesMs },
    }),
    reflector: kubernetes.reflector<RewindObject>(streamTableRewinds, config.namespaces),
    queue: createWorkQueue({
      ...{ clock, random, logger, concurrency: config.concurrency },
      measurements: queueMeasurements(metrics, streamTableRewinds.plural),
    }),
  };
}

/** Longer than the work needs to notice that it is to end, shorter than the others wait for us. */
const LOST_PATIENCE_MS = 2_000;

/** Another one may lead by now: what runs is broken off, and the process ends, since nothing that it knows can be trusted. */
async function endAfterLoss({ queue, logger }: Services): Promise<never> {
  logger.error({}, "the leader lease is lost, exiting");
  await Promise.race([queue.drain(0), sleep(clock, LOST_PATIENCE_MS)]);
  return process.exit(1);
}

/** Works as soon as it is this one's turn, until it is told to stop; what was seen meanwhile waits in the queue. */
async function work(services: Services, controller: Controller, stopping: AbortSignal): Promise<void> {
  const { reflector, queue, elector, logger } = services;
  await reflector.waitForSync(stopping).catch((error: unknown) => {
    if (!stopping.aborted) throw error;
  });
  if (stopping.aborted) return;
  logger.info({ objects: reflector.store.size, leaderElection: elector !== undefined }, "operator is ready");
  const term = await elector?.acquire(stopping);
  if (stopping.aborted) return;
  queue.start((key, signal) => controller.reconcile(key, signal));
  const ended = Promise.withResolvers<void>();
  stopping.addEventListener("abort", () => ended.resolve(), { once: true });
  const lose = () => {
    void queue.drain(0);
    ended.resolve();
  };
  term?.signal.addEventListener("abort", lose, { once: true });
  if (term?.signal.aborted) lose();
  await ended.promise;
  if (term?.signal.aborted) await endAfterLoss(services);
}

async function main(): Promise<void> {
  const config = configOrExit();
  const logger = createLogger(config);
  const services = createServices(config, logger, await loadAccess());
  const { reflector, queue, kubernetes, loopLag, elector, prerequisites } = services;
  const { controller, events } = createController(services);
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort(signal));

  const probes = await startProbes(services, () => stopping.signal.aborted);
  reflector.onChange((key) => {
    const object = reflector.store.get(key);
    if (object !== undefined && isEnding(object)) controller.interrupt(key);
    queue.add(key);
  });
  reflector.start();
  const watching = prerequisites.watch(stopping.signal);
  logger.info({ metricsPort: probes.port, namespaces: config.namespaces }, "operator is started");
  await work(services, controller, stopping.signal);

  logger.info({ signal: stopping.signal.reason }, "operator is stopping");
  await queue.drain(config.shutdownPatienceMs);
  // as soon as nothing works here any more: the others wait for it
  await elector?.release();
  await reflector.stop();
  await watching;
  await events.flush();
  await probes.close();
  loopLag.stop();
  kubernetes.close();
  logger.info({}, "operator is stopped");
}

await main();
