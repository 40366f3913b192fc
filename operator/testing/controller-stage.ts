/** The controller with everything around it faked. */
import {
  CrashPoint,
  type FakeOutside,
  fakeDriver,
  fakeObjects,
  fakeStatusWriter,
} from "../../test/support/fake-trickle.ts";
import { makeSpecInput } from "../../test/support/make-observed.ts";
import { type ModelWorld, makeWorld } from "../../test/support/model-world.ts";
import type { StreamTableRewindStatus } from "../api/status.ts";
import { kind } from "../api/stream-table-rewind.ts";
import { Controller, type Log } from "../controller.ts";
import type { RewindDriver } from "../database/driver.ts";
import type { RewindObject } from "../gather.ts";
import { ApiError } from "../kube/errors.ts";
import type { EventInput, StatusWriter } from "../kube/types.ts";

export const key = "default/incident";
export const nothing = () => undefined;
const silent: Log = { child: () => silent, debug: nothing, info: nothing, warn: nothing, error: nothing };

export function makeObject(overrides: Partial<RewindObject["metadata"]> = {}): RewindObject {
  return {
    kind,
    metadata: {
      ...{ name: "incident", namespace: "default", uid: "00000000-0000-4000-8000-000000000001" },
      ...{ resourceVersion: "1", generation: 1, creationTimestamp: "2026-11-22T12:00:00Z" },
      ...overrides,
    },
    spec: makeSpecInput(),
  };
}

export function makeOutside(world: ModelWorld = makeWorld()): FakeOutside {
  return { world, object: makeObject(), crash: new CrashPoint() };
}

interface Process {
  readonly controller: Controller;
  readonly events: EventInput[];
}

interface ProcessOptions {
  readonly driver?: RewindDriver;
  readonly status?: StatusWriter<RewindObject>;
  readonly secret?: "there" | "missing";
  readonly now?: string;
  readonly clock?: () => string;
  readonly wake?: (key: string) => void;
}

/** A process of the operator; what it remembers dies with it. */
export function start(outside: FakeOutside, options: ProcessOptions = {}): Process {
  const events: EventInput[] = [];
  const missing = new ApiError({ verb: "GET", path: "/s", status: 404, reason: "NotFound", message: "there is none" });
  const secret = {
    namespace: "default",
    name: "db",
    uid: "s",
    resourceVersion: "1",
    data: { uri: "postgres://u@h/d" },
  };
  const controller = new Controller({
    sources: {
      objects: fakeObjects(outside),
      secrets: { getSecret: async () => (options.secret === "missing" ? Promise.reject(missing) : secret) },
      driver: options.driver ?? fakeDriver(outside),
      clusterId: async () => "cluster",
      now: () => new Date(options.clock?.() ?? options.now ?? "2026-11-22T12:00:10Z"),
      random: () => 0.5,
    },
    status: options.status ?? fakeStatusWriter(outside),
    events: { record: (_, event) => events.push(event), flush: async () => undefined },
    logger: silent,
    measurements: { passed: nothing, phaseChanged: nothing, stepFailed: nothing, databaseFailed: nothing },
    wake: options.wake ?? nothing,
  });
  return { controller, events };
}

export const reconcile = ({ controller }: Process) => controller.reconcile(key, new AbortController().signal);

export function statusOf({ object }: FakeOutside): StreamTableRewindStatus {
  return (object?.status ?? {}) as StreamTableRewindStatus;
}
