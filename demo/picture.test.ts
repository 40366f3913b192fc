import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { linesOfPicture, pictureLines, piecesOf, renderPicture } from "./picture.ts";
import { choosePalette } from "./render.ts";

const OUTPUT = `a head

 1  One  (0 ms)
    first

 2  Two  (1 s)
    second

 3  Three
    third
 4  Four
    fourth

 5  Five
    fifth

 6  Six
    sixth

 7  Seven
    seventh
`;

test("the picture has four acts, and says where it leaves one out", () => {
  expect(pictureLines(OUTPUT)).toEqual([
    ...["$ make demo", "", "…", "", " 2  Two  (1 s)", "    second"],
    ...["", " 3  Three", "    third", "", " 4  Four", "    fourth"],
    ...["", "…", "", " 6  Six", "    sixth"],
  ]);
});

test("without an act there is nothing to draw", () => {
  expect(() => pictureLines(" 2  Two\n 4  Four\n")).toThrow("the demo has printed no act 3: there is nothing to draw");
});

test("a line is cut where its colour changes", () => {
  const { good, bold, dim } = choosePalette({ isTTY: true }, {});
  expect(piecesOf(` 1  ${bold("Title")}${dim(" (1 s)")}`)).toEqual([
    { text: " 1  ", style: "" },
    { text: "Title", style: "bold" },
    { text: " (1 s)", style: "dim" },
  ]);
  expect(piecesOf(good("✓"))).toEqual([{ text: "✓", style: "good" }]);
  expect(piecesOf("")).toEqual([]);
});

test("a drawn line is read back as it was, whatever signs it has", () => {
  const { bad } = choosePalette({ isTTY: true }, {});
  const svg = renderPicture(['    a < b && "c" > &lt;', "", bad("✗  x")], "T <1>");
  expect(linesOfPicture(svg)).toEqual(['    a < b && "c" > &lt;', "✗  x"]);
  expect(svg).toContain("<title>T &lt;1&gt;</title>");
});

test("a line is as wide as its characters, and the picture as its longest line", () => {
  const svg = renderPicture(["1234567890", "12345"], "");
  expect([...svg.matchAll(/textLength="([\d.]+)"/g)].map(([, length]) => length)).toEqual(["78", "39"]);
  expect(svg).toContain('viewBox="0 0 114 102"');
});

test("the README's picture loads nothing", () => {
  const svg = readFileSync(new URL("../docs/rollback.svg", import.meta.url), "utf8");
  expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(
    /https?:|url\(|@import|@font-face|<image|href/,
  );
});
