// Reads a file of SQL blocks: `-- block: <name>` begins a block, which goes on to the next one. Pure.

const MARKER = /^-- block: (.+)$/;

export function parseBlocks(text: string): ReadonlyMap<string, string> {
  const blocks = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of text.split("\n")) {
    const name = MARKER.exec(line)?.[1];
    if (name === undefined) {
      current?.push(line);
      continue;
    }
    if (blocks.has(name)) {
      throw new Error(`block "${name}" is there twice`);
    }
    current = [];
    blocks.set(name, current);
  }
  return new Map([...blocks].map(([name, lines]) => [name, lines.join("\n").trim()]));
}
