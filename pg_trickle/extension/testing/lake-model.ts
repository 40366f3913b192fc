/**
 * What the lake table `t (i, v)` must hold at each snapshot, told by nothing but what each client was told: committed or not.
 * Each pair (i, v) is written once, so a row that is lost, back or there twice shows in count and sums.
 */

export interface Row {
  readonly i: number;
  readonly v: number;
}

export interface Summary {
  readonly count: number;
  readonly sumI: number;
  readonly sumV: number;
  readonly product: number;
}

const key = ({ i, v }: Row): string => `${i},${v}`;

export function summarize(rows: Iterable<Row>): Summary {
  let [count, sumI, sumV, product] = [0, 0, 0, 0];
  for (const { i, v } of rows) {
    count += 1;
    sumI += i;
    sumV += v;
    product += i * v;
  }
  return { count, sumI, sumV, product };
}

/** One transaction's view: the rows that it began with and what it has done to them. */
export class Changes {
  readonly #rows: Map<string, Row>;
  readonly #removed = new Map<string, Row>();
  readonly #added = new Map<string, Row>();

  constructor(rows: Map<string, Row>) {
    this.#rows = new Map(rows);
  }

  get rows(): Row[] {
    return [...this.#rows.values()];
  }

  add(row: Row): void {
    this.#rows.set(key(row), row);
    this.#added.set(key(row), row);
  }

  remove(row: Row): void {
    this.#rows.delete(key(row));
    if (!this.#added.delete(key(row))) this.#removed.set(key(row), row);
  }

  applyTo(rows: Map<string, Row>): void {
    for (const removed of this.#removed.keys()) rows.delete(removed);
    for (const [added, row] of this.#added) rows.set(added, row);
  }
}

export class LakeModel {
  readonly #rows = new Map<string, Row>();
  readonly #snapshots = new Map<number, { readonly rows: Row[]; readonly summary: Summary }>();
  #head = 0;

  begin(): Changes {
    return new Changes(this.#rows);
  }

  /** The lake's head after a client was told that its changes are committed; or with none, after anything else. */
  committed(head: number, changes?: Changes): void {
    changes?.applyTo(this.#rows);
    const rows = [...this.#rows.values()];
    const summary = summarize(rows);
    for (let id = this.#head + 1; id <= head; id++) this.#snapshots.set(id, { rows, summary });
    this.#head = head;
  }

  at(snapshot: number): { readonly rows: Row[]; readonly summary: Summary } {
    const found = this.#snapshots.get(snapshot);
    if (!found) throw new Error(`the model has no snapshot ${snapshot}`);
    return found;
  }
}
