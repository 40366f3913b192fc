import { describe, expect, test } from "vitest";
import { bounded, describeNamespace, logCommands } from "./describe.ts";

const status = {
  initContainerStatuses: [{ name: "lake", restartCount: 1 }],
  containerStatuses: [{ name: "postgres", restartCount: 0 }],
};
const pods = { items: [{ metadata: { name: "db-0" }, status }] };

describe("what is printed of a namespace", () => {
  test("logs of every container, and of the one before it where it was restarted", () => {
    expect(logCommands(pods).map((args) => args.join(" "))).toEqual([
      "logs db-0 -c lake --tail=80 --previous",
      "logs db-0 -c lake --tail=80",
      "logs db-0 -c postgres --tail=80",
    ]);
    expect(logCommands({ items: [{ metadata: { name: "new" }, status: {} }] })).toEqual([]);
  });

  test("a long text loses its middle", () => {
    expect(bounded("abcdef", 6)).toBe("abcdef");
    expect(bounded("abcdefgh", 4)).toBe("ab\n[… 4 characters …]\ngh");
  });

  test("what cannot be asked does not hide the rest", async () => {
    const text = await describeNamespace((args) => {
      if (args[0] === "describe") return Promise.reject(new Error("refused"));
      return Promise.resolve(args.includes("json") ? JSON.stringify(pods) : `answer to ${args.join(" ")}`);
    });
    expect(text).toContain("$ kubectl describe pods\nrefused");
    expect(text).toContain("answer to get events --sort-by=.metadata.creationTimestamp");
    expect(text).toContain("answer to logs db-0 -c lake --tail=80 --previous");
  });
});
