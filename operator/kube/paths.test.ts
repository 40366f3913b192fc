import { expect, test } from "vitest";
import { keyOf, resourcePath, splitKey, withQuery } from "./paths.ts";
import { streamTableRewinds } from "./resources.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret" };

test.each([
  ["the core group", resourcePath(SECRETS, { namespace: "a", name: "b" }), "/api/v1/namespaces/a/secrets/b"],
  [
    "a kind of a group, everywhere",
    resourcePath(streamTableRewinds),
    "/apis/pgtrickle.dev/v1alpha1/streamtablerewinds",
  ],
  [
    "a subresource",
    resourcePath(streamTableRewinds, { namespace: "a", name: "b", subresource: "status" }),
    "/apis/pgtrickle.dev/v1alpha1/namespaces/a/streamtablerewinds/b/status",
  ],
  [
    "a name that needs escaping",
    resourcePath(SECRETS, { namespace: "a/../b", name: "c" }),
    "/api/v1/namespaces/a%2F..%2Fb/secrets/c",
  ],
])("path of %s", (_case, got, want) => {
  expect(got).toBe(want);
});

test("absent query values are left away, others escaped", () => {
  expect(withQuery("/x", { a: undefined })).toBe("/x");
  expect(withQuery("/x", { a: 1, b: true, c: "d&e", f: undefined })).toBe("/x?a=1&b=true&c=d%26e");
});

test("keys go both ways", () => {
  const metadata = { name: "n", namespace: "s", uid: "u", resourceVersion: "1" };
  expect(splitKey(keyOf({ metadata }))).toEqual({ namespace: "s", name: "n" });
});
