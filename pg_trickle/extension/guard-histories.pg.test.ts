/** Random histories of two and three plain DuckDB clients under the guard, against what they were told. */
import { describe, expect, test } from "vitest";
import { openTrickle } from "../../test/support/trickle.ts";
import { LakeHistory } from "./testing/lake-history.ts";

/** What two clients that change one table at once are told by DuckLake itself, by PostgreSQL's lock_timeout, or by the guard. */
const KNOWN_REFUSALS = [
  /^refused: DuckLake: conflict$/,
  /lock timeout/,
  /^refused: pgtrickle guard: (rows of data file|another client has deleted|merging data file|rewriting table)/,
  // Two clean-ups at once.
  /Cannot open file|Failed to get files scheduled/,
];

describe("AT of every retained snapshot is what the clients were told", () => {
  test.each([
    { seed: 1, limits: [undefined, undefined] },
    { seed: 2, limits: [undefined, 0] },
    { seed: 3, limits: [undefined, undefined, undefined] },
  ])("seed $seed, inlining limits $limits", { timeout: 600_000 }, async ({ seed, limits }) => {
    const trickle = await openTrickle({ engine: false, setupFile: false });
    try {
      const role = `alter role pgtrickle_catalog in database ${trickle.name} set lock_timeout = '700ms'`;
      await trickle.pool().query(role);
      const { steps, counts, damage } = await new LakeHistory(trickle, {
        seed,
        steps: 40,
        limits,
        overlap: 0.6,
      }).play();
      expect(damage).toEqual([]);
      expect((await trickle.pool().query("select * from pgtrickle.inspect_lake()")).rows).toEqual([]);
      expect(steps).toBe(40);
      const refusals = [...counts.keys()].filter((what) => what.startsWith("refused: "));
      expect(refusals.filter((text) => !KNOWN_REFUSALS.some((known) => known.test(text)))).toEqual([]);
    } finally {
      await trickle.drop();
    }
  });

  test("one client with all kinds of maintenance is never refused", { timeout: 600_000 }, async () => {
    const trickle = await openTrickle({ engine: false, setupFile: false });
    try {
      const options = { seed: 4, steps: 60, limits: [undefined], overlap: 0 };
      const { counts, damage } = await new LakeHistory(trickle, options).play();
      expect(damage).toEqual([]);
      expect((await trickle.pool().query("select * from pgtrickle.inspect_lake()")).rows).toEqual([]);
      expect([...counts.keys()].filter((what) => what.startsWith("refused: "))).toEqual([]);
    } finally {
      await trickle.drop();
    }
  });
});
