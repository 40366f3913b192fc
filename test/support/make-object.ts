/** Objects for tests of the Kubernetes side. */
import type { CustomObject, ObjectMeta } from "../../operator/kube/types.ts";

export interface WidgetSpec {
  readonly size: number;
}

export interface WidgetStatus {
  readonly phase?: string;
  readonly steps?: readonly string[];
}

export type Widget = CustomObject<WidgetSpec, WidgetStatus>;

export function makeWidget(metadata: Partial<ObjectMeta> = {}, rest: Partial<Widget> = {}): Widget {
  const name = metadata.name ?? "one";
  return {
    apiVersion: "test.pgtrickle.dev/v1",
    kind: "Widget",
    metadata: { name, namespace: "default", uid: `uid-${name}`, resourceVersion: "1", generation: 1, ...metadata },
    spec: { size: 1 },
    ...rest,
  };
}
