// The table of docs/benchmarks.md. Pure: figures in, Markdown out.

export interface Figure {
  /** Rows in the lake's table, as 10^6; empty where it does not matter. */
  readonly rows: string;
  readonly what: string;
  readonly ours: string;
  /** What the same machine does without us, in the same run. */
  readonly peers: readonly string[];
  /** Ours against the peer that the goal names. */
  readonly ratio: string;
  readonly goal: string;
  readonly isMet: boolean;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  /** Load average before the run: what else the machine did. */
  readonly load: number;
  readonly date: string;
  readonly versions: string;
}

const BEGIN = "<!-- figures -->";
const END = "<!-- /figures -->";

const cell = (text: string) => text.replaceAll("|", "\\|");

export function renderFigures(figures: readonly Figure[], machine: Machine): string {
  const { date, cpu, cores, memoryGib, system, load, versions } = machine;
  const where = `${date}, ${cpu}, ${cores} cores, ${memoryGib} GiB, ${system}; load ${load.toFixed(1)} before the run; ${versions}.`;
  const header = ["Rows", "What", "Ours", "Peers in the same run", "Ratio", "Goal", "Met"];
  const lines = figures.map((figure) => [
    figure.rows,
    figure.what,
    figure.ours,
    figure.peers.join("; "),
    figure.ratio,
    figure.goal,
    figure.isMet ? "yes" : "**no**",
  ]);
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [where, "", row(header), row(header.map(() => "---")), ...lines.map(row)].join("\n");
}

/** The page with the part between its markers replaced. */
export function replaceFigures(page: string, figures: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`the page has no ${BEGIN} … ${END}`);
  }
  return `${page.slice(0, begin + BEGIN.length)}\n${figures}\n${page.slice(end)}`;
}

/** 100000 as 10^5; other numbers as they are. */
export function formatRows(rows: number): string {
  const exponent = Math.log10(rows);
  return Number.isInteger(exponent) ? `10^${exponent}` : String(rows);
}
