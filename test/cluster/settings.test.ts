import { expect, test } from "vitest";
import { readClusterSettings } from "./settings.ts";

test("no cluster is used that was not named for these tests", () => {
  expect(readClusterSettings({ KUBECONFIG: "/home/me/.kube/config" })).toBeUndefined();
});

test("programs and images have the usual names unless others are given", () => {
  expect(readClusterSettings({ STRW_CLUSTER_KUBECONFIG: "/k", STRW_CLUSTER_TAG: "test" })).toEqual({
    kubeconfig: "/k",
    kubectl: "kubectl",
    helm: "helm",
    images: "streamtable-rewind",
    tag: "test",
  });
});
