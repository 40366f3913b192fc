/** What must stay the same when a command of a document is run again: the words of its output, not its numbers, times and ids. Pure. */

const CUT = "…";

/** In this order: what is written first would be taken for a number otherwise. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d(?::?\d\d)?)?/g, "<time>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uid>"],
  [/\b(?:\d+-)?[0-9a-f]{16,}\b/g, "<hash>"],
  // A pod of a Deployment.
  [/-[0-9a-z]{8,10}-[0-9a-z]{5}\b/g, "-<pod>"],
  [/\b(?:\d+(?:ms|[smhd]))+(?: \(x\d+ over (?:\d+[smhd])+\))?/g, "<age>"],
  [/\b(Strategy:) +\w+/g, "$1 <strategy>"],
  [/\{(?:Full|Journal|Delta|,)+\}/g, "<strategies>"],
  [/(?<![\w./-])-?\d[\d.]*(?![\w./-])/g, "<n>"],
];

function shapeOfLine(line: string): string {
  const fixed = VARYING.reduce((text, [pattern, name]) => text.replaceAll(pattern, name), line);
  // Columns are as wide as what stands in them.
  return fixed
    .replace(/[-=]{3,}/g, "---")
    .trim()
    .replace(/\s+/g, " ");
}

/** Equal lines after each other are one: how many rows there are is a number, too. */
export function shapeOf(text: string): string[] {
  const lines = text.split("\n").map(shapeOfLine);
  return lines.filter((line, i) => line !== "" && line !== lines[i - 1]);
}

/**
 * The first line of a document's output that the real one does not have, or the first of the real one that the document does not
 * show; undefined if they agree. A line `…` in the document stands for any lines.
 */
export function difference(documented: string, real: string): string | undefined {
  const [want, have] = [shapeOf(documented), shapeOf(real)];
  let at = 0;
  for (const [i, line] of want.entries()) {
    if (line === CUT) continue;
    const found = want[i - 1] === CUT ? have.indexOf(line, at) : at;
    if (have[found] !== line) return `documented: ${line}\nreal: ${have[found] ?? "not there"}`;
    at = found + 1;
  }
  return want.at(-1) === CUT || at === have.length ? undefined : `documented: nothing more\nreal: ${have[at]}`;
}
