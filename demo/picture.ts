// The picture of a rollback in the README: lines that the demo has printed, as an SVG that looks like a terminal. Pure.

const ESCAPE = "\u001b";
/** What the README shows: the bad batch, the rollback, the comparison, and the object at the end. */
const ACTS_SHOWN = [2, 3, 4, 6];
const COMMAND = "$ make demo";
const CUT = "…";

/** Of what the demo prints, with or without colours, the lines that the picture has. Throws if an act is not there. */
export function pictureLines(output: string): string[] {
  const acts = actsOf(output);
  const lines = [COMMAND];
  for (const [index, number] of ACTS_SHOWN.entries()) {
    const act = acts.get(number);
    if (act === undefined) throw new Error(`the demo has printed no act ${number}: there is nothing to draw`);
    const follows = number - 1 === (ACTS_SHOWN[index - 1] ?? 0);
    lines.push(...(follows ? [""] : ["", CUT, ""]), ...act);
  }
  return lines;
}

/** The lines of each act, by its number, without the empty ones at its end. */
function actsOf(output: string): Map<number, string[]> {
  const acts = new Map<number, string[]>();
  let act: string[] | undefined;
  for (const line of output.split("\n")) {
    const number = /^ (\d+) {2}\S/.exec(line)?.[1];
    if (number !== undefined) {
      act = [];
      acts.set(Number(number), act);
    }
    act?.push(line);
  }
  for (const lines of acts.values()) while (lines.at(-1) === "") lines.pop();
  return acts;
}

interface Piece {
  readonly text: string;
  /** A class of the style sheet below. */
  readonly style: string;
}

const STYLES: Readonly<Record<string, string>> = { "1": "bold", "2": "dim", "31": "bad", "32": "good" };

const SEQUENCE = new RegExp(`${ESCAPE}\\[(\\d+)m`);

/** A line cut where its colour changes. */
export function piecesOf(line: string): Piece[] {
  let style = "";
  return line.split(SEQUENCE).flatMap((part, index): Piece[] => {
    // Odd parts are what the expression has caught: the number of a sequence.
    if (index % 2 === 0) return part === "" ? [] : [{ text: part, style }];
    style = STYLES[part] ?? "";
    return [];
  });
}

const FONT_SIZE = 13;
const CHARACTER_WIDTH = 7.8;
const LINE_HEIGHT = 18;
const MARGIN = 18;
const BAR_HEIGHT = 30;

const XML: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const escaped = (text: string) => text.replace(/[&<>]/g, (sign) => XML[sign] ?? sign);
const unescaped = (text: string) =>
  Object.entries(XML).reduceRight((all, [sign, name]) => all.replaceAll(name, sign), text);

const lengthOf = (pieces: readonly Piece[]) => pieces.reduce((sum, { text }) => sum + text.length, 0);
const px = (length: number) => String(Math.round(length * 10) / 10);

/** With its length given, a line is as wide as its characters whatever font there is, and columns stay columns. */
function lineElement(pieces: readonly Piece[], index: number): string {
  const y = BAR_HEIGHT + MARGIN + (index + 0.5) * LINE_HEIGHT;
  const spans = pieces.map(
    ({ text, style }) => `<tspan${style === "" ? "" : ` class="${style}"`}>${escaped(text)}</tspan>`,
  );
  const length = px(lengthOf(pieces) * CHARACTER_WIDTH);
  return `<text x="${MARGIN}" y="${px(y)}" textLength="${length}" xml:space="preserve">${spans.join("")}</text>`;
}

const STYLE = `<style>
text { font: ${FONT_SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d0d7de; white-space: pre }
.bold { font-weight: bold; fill: #ffffff } .dim { fill: #8b949e } .good { fill: #3fb950 } .bad { fill: #f85149 }
</style>`;

/** @param title for those who do not see the picture */
export function renderPicture(lines: readonly string[], title: string): string {
  const all = lines.map(piecesOf);
  const width = px(Math.max(...all.map(lengthOf)) * CHARACTER_WIDTH + 2 * MARGIN);
  const height = px(BAR_HEIGHT + 2 * MARGIN + lines.length * LINE_HEIGHT);
  const buttons = ["#ff5f57", "#febc2e", "#28c840"].map(
    (colour, index) => `<circle cx="${MARGIN + 6 + index * 20}" cy="${BAR_HEIGHT / 2}" r="6" fill="${colour}"/>`,
  );
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    "<!-- Drawn by `make picture` from a run of the demo. Do not edit. -->",
    STYLE,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...buttons,
    ...all.flatMap((pieces, index) => (pieces.length === 0 ? [] : [lineElement(pieces, index)])),
    "</svg>",
  ].join("\n")}\n`;
}

/** The text of a picture, line by line, without its empty lines. */
export function linesOfPicture(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, spans = ""]) =>
    unescaped(spans.replace(/<[^>]+>/g, "")),
  );
}
