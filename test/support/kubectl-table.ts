/** What `kubectl get` prints, taken apart at the columns of its first line: a cell may be empty, or have spaces in it. */

export type KubectlRow = Readonly<Record<string, string>>;

export function kubectlRows(text: string): readonly KubectlRow[] {
  const [header = "", ...lines] = text.trimEnd().split("\n");
  const columns = [...header.matchAll(/\S+/g)].map((match) => ({ name: match[0], start: match.index }));
  return lines.map((line) =>
    Object.fromEntries(
      columns.map(({ name, start }, i) => [name, line.slice(start, columns[i + 1]?.start).trimEnd()] as const),
    ),
  );
}
