/** The controller around one rewind with everything outside faked: what it tells is collected. */
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import type { StreamTableRewindStatus } from "../../operator/api/status.ts";
import { kind } from "../../operator/api/stream-table-rewind.ts";
import { Controller, type ControllerMeasurements, type Log } from "../../operator/controller.ts";
import type { RewindDriver } from "../../operator/database/driver.ts";
import type { RewindObject } from "../../operator/gather.ts";
import type { EventInput, Secret } from "../../operator/kube/types.ts";
import { CrashPoint, type FakeOutside, fakeDriver, fakeObjects, fakeStatusWriter } from "./fake-trickle.ts";
import { makeSpecInput, startedAt } from "./make-observed.ts";
import { type ModelWorld, makeWorld } from "./model-world.ts";

export const fakedKey = "default/incident";

const nothing = () => undefined;
const silent: Log = { child: () => silent, debug: nothing, info: nothing, warn: nothing, error: nothing };
const silentMeasurements: ControllerMeasurements = {
  ...{ passed: nothing, phaseChanged: nothing, stepFailed: nothing, databaseFailed: nothing },
};

const secret = { namespace: "default", name: "db", uid: "s", resourceVersion: "1" };

export interface FakedOptions {
  readonly spec?: Partial<StreamTableRewindSpecInput>;
  readonly world?: Partial<ModelWorld>;
  readonly driver?: (outside: FakeOutside) => RewindDriver;
  readonly getSecret?: () => Promise<Secret>;
  /** Of the database that nobody is at, unless the driver is a faked one. */
  readonly uri?: string;
  readonly clusterId?: string;
  readonly logger?: Log;
  readonly measurements?: ControllerMeasurements;
}

export class FakedOperator {
  readonly outside: FakeOutside;
  readonly controller: Controller;
  readonly events: EventInput[] = [];
  readonly statuses: StreamTableRewindStatus[] = [];
  nowMs = startedAt;

  constructor(options: FakedOptions = {}) {
    const { uri = "postgres://u@h/d", logger = silent, measurements = silentMeasurements } = options;
    this.outside = { world: makeWorld(options.world), object: rewindOf(options.spec), crash: new CrashPoint() };
    const writer = fakeStatusWriter(this.outside);
    this.controller = new Controller({
      sources: {
        objects: fakeObjects(this.outside),
        secrets: { getSecret: options.getSecret ?? (async () => ({ ...secret, data: { uri } })) },
        driver: (options.driver ?? fakeDriver)(this.outside),
        clusterId: async () => options.clusterId ?? "cluster",
        now: () => new Date(this.nowMs),
        random: () => 0.5,
      },
      status: {
        write: (observed, status) => {
          this.statuses.push(status as StreamTableRewindStatus);
          return writer.write(observed, status);
        },
      },
      events: { record: (_, event) => this.events.push(event), flush: async () => undefined },
      ...{ logger, measurements, wake: nothing },
    });
  }

  /** @returns when it wants to be looked at again */
  async reconcile(): Promise<number | undefined> {
    const { requeueAfterMs } = await this.controller.reconcile(fakedKey, new AbortController().signal);
    return requeueAfterMs;
  }

  /** As long as it asks to be looked at again, but at most so often. */
  async play(passes = 12): Promise<void> {
    for (let pass = 0; pass < passes; pass += 1) {
      const requeueAfterMs = await this.reconcile();
      if (requeueAfterMs === undefined) return;
      this.nowMs += Math.max(1, requeueAfterMs);
    }
  }

  /** What a person changes. */
  edit(spec: Partial<StreamTableRewindSpecInput>): void {
    const { object } = this.outside;
    if (object === undefined) throw new Error("the object is gone");
    const generation = (object.metadata.generation ?? 0) + 1;
    const resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
    const metadata = { ...object.metadata, generation, resourceVersion };
    this.outside.object = { ...object, metadata, spec: { ...(object.spec as object), ...spec } };
  }

  delete(): void {
    const { object } = this.outside;
    if (object === undefined) throw new Error("the object is gone");
    const deletionTimestamp = new Date(this.nowMs).toISOString();
    this.outside.object = { ...object, metadata: { ...object.metadata, deletionTimestamp } };
  }
}

function rewindOf(spec: FakedOptions["spec"]): RewindObject {
  return {
    kind,
    metadata: {
      ...{ name: "incident", namespace: "default", uid: "00000000-0000-4000-8000-000000000001" },
      ...{ resourceVersion: "1", generation: 1, creationTimestamp: new Date(startedAt).toISOString() },
    },
    spec: makeSpecInput(spec),
  };
}

/** The fake driver, some of whose session's methods are others. */
export function driverWith(methods: object): (outside: FakeOutside) => RewindDriver {
  return (outside) => ({
    open: async (...given) => ({ ...(await fakeDriver(outside).open(...given)), ...methods }),
  });
}
