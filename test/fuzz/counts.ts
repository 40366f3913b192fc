/** What was done and what came of it, by name; printed at the end. */

export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  addAll(others: Counts): void {
    for (const [name, times] of others.#counts) this.add(name, times);
  }

  /** One line for each group, the word before the first colon. */
  print(): string {
    const groups = new Map<string, string[]>();
    for (const [name, times] of [...this.#counts].sort(([left], [right]) => left.localeCompare(right))) {
      const [group = "", ...rest] = name.split(": ");
      groups.set(group, [...(groups.get(group) ?? []), [...rest, times].join(" ")]);
    }
    return [...groups].map(([group, items]) => `${group}: ${items.join(", ")}`).join("\n");
  }
}
