/** The rights that the operator uses, beside listing its kind: those of templates/operator/rbac.yaml of the chart. */
import type { Right } from "./prerequisites.ts";
import { streamTableRewinds } from "./resources.ts";

interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

function rightsIn(namespace: string | undefined): Right[] {
  const { group, plural: resource } = streamTableRewinds;
  const rewinds = { group, resource, namespace };
  const events = { group: "events.k8s.io", resource: "events", namespace };
  return [
    ...["get", "watch", "patch"].map((verb) => ({ ...rewinds, verb })),
    { ...rewinds, verb: "patch", subresource: "status" },
    // Only for ttlSecondsAfterFinished.
    { ...rewinds, verb: "delete", isOptional: true },
    { verb: "get", group: "", resource: "secrets", namespace, isOptional: true },
    ...["create", "patch"].map((verb) => ({ ...events, verb, isOptional: true })),
  ];
}

function leaseRights({ namespace, name }: LeaseName): Right[] {
  const leases = { group: "coordination.k8s.io", resource: "leases", namespace };
  return [...["get", "patch"].map((verb) => ({ ...leases, verb, name })), { ...leases, verb: "create" }];
}

/** @param namespaces empty: all. */
export function operatorRights(namespaces: readonly string[], lease: LeaseName | undefined): readonly Right[] {
  const scopes = namespaces.length === 0 ? [undefined] : [...new Set(namespaces)];
  return [...scopes.flatMap(rightsIn), ...(lease === undefined ? [] : leaseRights(lease))];
}
