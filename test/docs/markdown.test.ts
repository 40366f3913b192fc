import { describe, expect, it } from "vitest";
import { anchorsOf, fencedBlocks, linksOf, shellCommands } from "./markdown.ts";

const PAGE = `# A page, *well*

Use \`make up\` or \`docker compose up\`, see [there](other.md#which-one), [here](#a-page-well), [web](https://example.org).

\`\`\`sh
# a comment
make down
echo "[not](a-link)"
\`\`\`

\`\`\`sql duckdb
select 1;
\`\`\`

## Which one?
`;

describe("a Markdown page", () => {
  it("has fenced blocks", () => {
    expect(fencedBlocks(PAGE).map((block) => block.language)).toEqual(["sh", "sql duckdb"]);
    expect(fencedBlocks(PAGE)[1]?.text).toBe("select 1;");
  });

  it("has shell commands, also make targets within the text", () => {
    expect(shellCommands(PAGE)).toEqual(["make down", 'echo "[not](a-link)"', "make up"]);
  });

  it("has links into the repository", () => {
    expect(linksOf(PAGE)).toEqual([
      { file: "other.md", anchor: "which-one" },
      { file: "", anchor: "a-page-well" },
    ]);
  });

  it("has anchors as GitHub makes them", () => {
    expect(anchorsOf(PAGE)).toEqual(["a-page-well", "which-one"]);
  });
});
