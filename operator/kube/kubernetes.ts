/** Puts the parts of kube/ together for main.ts: one connection, and what is made of it. */
import { Calls } from "./calls.ts";
import { createKubeClient } from "./client.ts";
import { connectionOf } from "./connection.ts";
import { createEventRecorder } from "./events.ts";
import { createElector, type Elector, type LeaseMeasurements, type LeaseTimes } from "./lease.ts";
import { createLeaseStore } from "./lease-store.ts";
import { createListWatch } from "./list-watch.ts";
import { createPrerequisites, type Prerequisites, type PrerequisitesOptions } from "./prerequisites.ts";
import { createReflector } from "./reflector.ts";
import { createStatusWriter } from "./status-writer.ts";
import { createTransport } from "./transport.ts";
import type {
  CallMeasurement,
  Clock,
  ClusterAccess,
  CustomObject,
  EventRecorder,
  KubeClient,
  KubeObject,
  Logger,
  Random,
  Reflector,
  ReflectorMeasurements,
  ResourceDefinition,
  StatusMeasurements,
  StatusWriter,
} from "./types.ts";

export interface KubernetesOptions {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly measurements: {
    readonly call: (measurement: CallMeasurement) => void;
    readonly reflector: ReflectorMeasurements;
    readonly status: StatusMeasurements;
  };
}

export interface ReflectorTimes {
  readonly relistMs?: number;
  readonly graceMs?: number;
}

export interface ElectionOptions {
  readonly namespace: string;
  readonly name: string;
  readonly instance: string;
  readonly measurements: LeaseMeasurements;
  readonly times: LeaseTimes;
}

export interface Kubernetes {
  readonly client: KubeClient;
  /** No namespaces: all of them. */
  reflector<T extends KubeObject>(
    definition: ResourceDefinition,
    namespaces: readonly string[],
    times?: ReflectorTimes,
  ): Reflector<T>;
  statusWriter<T extends CustomObject>(definition: ResourceDefinition): StatusWriter<T>;
  eventRecorder(definition: ResourceDefinition, reportingInstance: string): EventRecorder;
  elector(options: ElectionOptions): Elector;
  prerequisites(options: PrerequisitesOptions): Prerequisites;
  /** After everything that uses it has stopped. */
  close(): void;
}

export function connectKubernetes(options: KubernetesOptions): Kubernetes {
  const { clock, random, logger, measurements } = options;
  const connection = connectionOf(options.access);
  const transport = createTransport(connection, clock);
  const callOptions = { transport, clock, random, measure: measurements.call };
  const calls = new Calls(callOptions);
  const client = createKubeClient(callOptions);
  return {
    client,
    reflector: <T extends KubeObject>(
      definition: ResourceDefinition,
      namespaces: readonly string[],
      times: ReflectorTimes = {},
    ) =>
      createReflector<T>({
        ...{ resource: definition.plural, namespaces, clock, random, logger, ...times },
        measurements: measurements.reflector,
        sourceOf: (namespace) => createListWatch<T>({ calls, transport, random, definition, namespace }),
      }),
    statusWriter: <T extends CustomObject>(definition: ResourceDefinition) =>
      createStatusWriter<T>({ client: client.resource<T>(definition), measurements: measurements.status }),
    eventRecorder: (definition, reportingInstance) =>
      createEventRecorder({ calls, clock, random, logger, definition, reportingInstance }),
    elector: ({ namespace, name, times, ...rest }) => {
      // two attempts before the deadline, even if the first gets no answer
      const store = createLeaseStore({ calls, namespace, name, timeoutMs: times.renewDeadlineMs / 2 });
      return createElector({ ...rest, store, clock, random, logger, times });
    },
    prerequisites: (given) => createPrerequisites(calls, given),
    close: () => connection.close(),
  };
}
