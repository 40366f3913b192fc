// How the demo looks on a terminal. Pure: text in, text out; nothing here knows where the numbers came from.

import type { Summary } from "./summary.ts";

export interface Palette {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const plain = (text: string) => text;
const PLAIN: Palette = { bold: plain, dim: plain, good: plain, bad: plain };

const styled = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
const COLOUR: Palette = { bold: styled(1), dim: styled(2), good: styled(32), bad: styled(31) };

/** Colour only where a person looks on, and not where that person has asked for none (https://no-color.org). */
export function choosePalette(
  output: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Palette {
  const isWanted = output.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return isWanted ? COLOUR : PLAIN;
}

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

const pad = (text: string, width: number, align: Column["align"]) =>
  align === "left" ? text.padEnd(width) : text.padStart(width);

/** Aligned lines: a header, then the rows. Cells are plain text, so that their length is their width. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...rows.map((row) => (row[index] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map((column, index) => pad(cells[index] ?? "", widths[index] ?? 0, column.align))
      .join("   ")
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map(line)];
}

/** 999999000 as 999,999,000; the grouping of no locale in particular, and of any size. */
export function groupDigits(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

export interface Stage {
  readonly title: string;
  readonly summary: Summary;
}

/** The same table at several moments, side by side, one line for each event type that any of them has. */
export function renderStages(stages: readonly Stage[]): string[] {
  const types = [...new Set(stages.flatMap((stage) => stage.summary.map((row) => row.event_type)))].sort();
  const columns: Column[] = [
    { title: "event_type", align: "left" },
    ...stages.flatMap((stage): Column[] => [
      { title: stage.title, align: "right" },
      { title: "value", align: "right" },
    ]),
  ];
  const rows = types.map((type) => [type, ...stages.flatMap((stage) => cellsOf(stage.summary, type))]);
  return renderTable(columns, rows);
}

function cellsOf(summary: Summary, eventType: string): string[] {
  const row = summary.find((candidate) => candidate.event_type === eventType);
  return row === undefined ? ["–", "–"] : [groupDigits(row.event_count), groupDigits(row.total_value)];
}

export function renderSummary(summary: Summary): string[] {
  return renderTable(
    [
      { title: "event_type", align: "left" },
      { title: "event_count", align: "right" },
      { title: "total_value", align: "right" },
    ],
    summary.map((row) => [row.event_type, groupDigits(row.event_count), groupDigits(row.total_value)]),
  );
}

export function renderSeconds(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
