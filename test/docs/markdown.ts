// Reads from Markdown what the tests of the documents need: fenced blocks, shell commands, links, anchors. Pure.

export interface FencedBlock {
  /** The info string: "sh", "sql", "sql duckdb". */
  readonly language: string;
  readonly text: string;
}

const FENCE = /^```(.*)\n([\s\S]*?)^```$/gm;

export function fencedBlocks(markdown: string): FencedBlock[] {
  return [...markdown.matchAll(FENCE)].map((match) => ({
    language: (match[1] ?? "").trim(),
    text: (match[2] ?? "").trim(),
  }));
}

/** The lines of the blocks that are shell, and the inline code that begins as a command of this project does. */
export function shellCommands(markdown: string): string[] {
  const isShell = ({ language }: FencedBlock) => ["sh", "bash", "shell", "console"].includes(language);
  const fenced = fencedBlocks(markdown)
    .filter(isShell)
    .flatMap((block) => block.text.split("\n"))
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const inline = [...withoutFences(markdown).matchAll(/`(make [\w-]+)`/g)].map((match) => match[1] ?? "");
  return [...new Set([...fenced, ...inline])];
}

function withoutFences(markdown: string): string {
  return markdown.replace(FENCE, "");
}

export interface Link {
  /** Relative path; empty for a link within the page. */
  readonly file: string;
  readonly anchor: string;
}

/** Links to files and headings; addresses on the web are left out. */
export function linksOf(markdown: string): Link[] {
  const targets = [...withoutFences(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = "", anchor = ""] = target.split("#");
      return { file, anchor };
    });
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchorsOf(markdown: string): string[] {
  const headings = [...withoutFences(markdown).matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? "");
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replace(/ /g, "-"),
  );
}
