import { expect, test } from "vitest";
import { parseScript, type Step } from "./script.ts";
import { shrink } from "./shrink.ts";

const script = parseScript(
  Array.from({ length: 12 }, (_, index) =>
    index % 2 === 0
      ? `pg1 0 read events 0 ${index}`
      : `duck ${index} begin events 0 ${index}\nduck ${index} commit events 0 ${index}`,
  ).join("\n"),
);

test("only the transactions that are needed for the failure stay, whole", async () => {
  const fails = async (steps: readonly Step[]) => [3, 8].every((pick) => steps.some((step) => step.pick === pick));
  const shortest = await shrink(script, fails, 100);
  expect(shortest.map(({ act, pick }) => [act, pick])).toEqual([
    ["begin", 3],
    ["commit", 3],
    ["read", 8],
  ]);
});

test("it is tried so often and no more", async () => {
  let tries = 0;
  const fails = async () => {
    tries++;
    return false;
  };
  expect(await shrink(script, fails, 5)).toEqual(script);
  expect(tries).toBe(5);
});
