import { expect, test } from "vitest";
import { waitForCrds } from "./crds.ts";

const NO_CONDITIONS = "error: .status.conditions accessor error: <nil> is of the type <nil>, expected []interface{}";

test("a CRD that has no conditions yet is waited for", async () => {
  const answers = [NO_CONDITIONS, NO_CONDITIONS, undefined];
  const calls: (readonly string[])[] = [];
  await waitForCrds(
    async (args) => {
      calls.push(args);
      const failure = answers[calls.length - 1];
      if (failure !== undefined) throw new Error(failure);
    },
    ["crd/one"],
  );
  expect(calls).toEqual(Array(3).fill(["wait", "--for=condition=Established", "--timeout=60s", "crd/one"]));
});

test("any other failure is kubectl's own", async () => {
  const kubectl = async () => {
    throw new Error('error: timed out waiting for the condition on crd "one"');
  };
  await expect(waitForCrds(kubectl, ["crd/one"])).rejects.toThrow("timed out waiting");
});
