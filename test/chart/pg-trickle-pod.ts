/** The chart without the operator, and what one looks at in the pod of pg_trickle. */
import {
  type Container,
  containersOf,
  environmentOf,
  find,
  type Manifest,
  type PodSpec,
  podOf,
  render,
  type Values,
} from "./chart.ts";

export const NAME = "demo-streamtable-rewind";
const dataOnly: Values = { operator: { enabled: false }, crds: { enabled: false } };
export const renderData = (values: Values = {}) => render({ ...dataOnly, ...values });
export const external = { enabled: true, host: "pg.example", lake: { sslRootCert: "/ca.crt" } };

export function podIn(manifests: readonly Manifest[], kind = "StatefulSet"): PodSpec {
  const pod = podOf(find(manifests, kind, `${NAME}-pg-trickle`));
  if (pod === undefined) throw new Error("no pod");
  return pod.spec;
}

export function containerIn(pod: PodSpec, name: string): Container {
  const container = containersOf(pod).find((one) => one.name === name);
  if (container === undefined) throw new Error(`no container ${name}`);
  return container;
}

export const lakeOf = (manifests: readonly Manifest[], kind?: string) =>
  environmentOf(containerIn(podIn(manifests, kind), "lake"));
