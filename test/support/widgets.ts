/** A small kind of its own on the kube tier's API server, and namespaces for tests. */
import { randomUUID } from "node:crypto";
import { vi } from "vitest";
import { Calls, MERGE_PATCH } from "../../operator/kube/calls.ts";
import { systemClock } from "../../operator/kube/clock.ts";
import { connectionOf } from "../../operator/kube/connection.ts";
import { isConflict } from "../../operator/kube/errors.ts";
import { loadKubeConfig } from "../../operator/kube/kubeconfig.ts";
import { connectKubernetes, type Kubernetes } from "../../operator/kube/kubernetes.ts";
import { resourcePath } from "../../operator/kube/paths.ts";
import { createTransport } from "../../operator/kube/transport.ts";
import type { Clock, ReflectorMeasurements, ResourceDefinition } from "../../operator/kube/types.ts";
import type { Widget, WidgetSpec } from "./make-object.ts";
import { silentLogger, silentReflector, silentStatus } from "./silent.ts";

export const widgetDefinition: ResourceDefinition = {
  group: "test.pgtrickle.dev",
  version: "v1",
  plural: "widgets",
  kind: "Widget",
};

const text = { type: "string" };

const customResourceDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.test.pgtrickle.dev" },
  spec: {
    group: "test.pgtrickle.dev",
    scope: "Namespaced",
    names: { kind: "Widget", plural: "widgets", singular: "widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: { type: "object", properties: { size: { type: "integer", minimum: 0 } } },
              status: { type: "object", properties: { phase: text, steps: { type: "array", items: text } } },
            },
          },
        },
      },
    ],
  },
};

/** Calls as the kubeconfig's user, without any of the machinery under test but the transport. */
export class KubeApi {
  readonly #calls: Calls;
  readonly #close: () => void;

  constructor(kubeconfig: string) {
    const connection = connectionOf(loadKubeConfig(kubeconfig));
    const transport = createTransport(connection, systemClock);
    this.#calls = new Calls({ transport, clock: systemClock, random: Math.random });
    this.#close = () => connection.close();
  }

  get(path: string): Promise<Record<string, unknown>> {
    return this.#calls.send({ resource: "test", verb: "GET", path });
  }

  post(path: string, body: object): Promise<Record<string, unknown>> {
    return this.#calls.send({ resource: "test", verb: "POST", path, body });
  }

  delete(path: string): Promise<Record<string, unknown>> {
    return this.#calls.send({ resource: "test", verb: "DELETE", path });
  }

  patch(path: string, body: object): Promise<Record<string, unknown>> {
    return this.#calls.send({ resource: "test", verb: "PATCH", path, body, contentType: MERGE_PATCH });
  }

  async installWidgets(): Promise<void> {
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await this.post(path, customResourceDefinition).catch((error: unknown) => {
      // another test file was first
      if (!isConflict(error)) throw error;
    });
    await vi.waitUntil(() => this.#servesWidgets(), { timeout: 50_000, interval: 100 });
  }

  async makeNamespace(): Promise<string> {
    const name = `test-${randomUUID().slice(0, 8)}`;
    await this.post("/api/v1/namespaces", { metadata: { name } });
    return name;
  }

  async makeWidget(namespace: string, name: string, spec: WidgetSpec = { size: 1 }): Promise<Widget> {
    const body = { apiVersion: "test.pgtrickle.dev/v1", kind: "Widget", metadata: { name }, spec };
    return (await this.post(resourcePath(widgetDefinition, { namespace }), body)) as unknown as Widget;
  }

  close(): void {
    this.#close();
  }

  #servesWidgets(): Promise<boolean> {
    return this.get(resourcePath(widgetDefinition)).then(
      () => true,
      () => false,
    );
  }
}

export interface ConnectOptions {
  readonly clock?: Clock;
  readonly reflector?: ReflectorMeasurements;
}

export function connect(kubeconfig: string, options: ConnectOptions = {}): Kubernetes {
  return connectKubernetes({
    access: loadKubeConfig(kubeconfig),
    clock: options.clock ?? systemClock,
    random: Math.random,
    logger: silentLogger,
    measurements: { call: () => undefined, reflector: options.reflector ?? silentReflector, status: silentStatus },
  });
}
