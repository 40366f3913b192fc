/** What must hold after each step: the lake and the stream tables against the model, forward, back and by verification. */
import { Finding } from "./finding.ts";
import { rewindAndReplay, type Strategy } from "./rewinds.ts";
import type { Damage } from "./scan.ts";
import type { Step } from "./script.ts";
import type { Stage } from "./stage.ts";
import { STREAM_TABLES, type StreamTable, sourcesOf } from "./stream-tables.ts";
import { differencesAt, type Refusals, refreshAndCompare, refreshQuietly, selfReport, verifyAll } from "./streams.ts";

const STRATEGIES: Partial<Record<Step["act"], Strategy>> = {
  "rewind-auto": "Auto",
  "rewind-full": "Full",
  "rewind-journal": "Journal",
};

export class Checks {
  readonly #stage: Stage;
  readonly #refusals: Refusals = new Map();
  /** Head and commit of the last scan: a commit that was told and left no snapshot is scanned for as well. */
  #scanned = "";
  #rounds = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The stage itself must be right, or nothing that follows means anything. */
  async start(): Promise<number> {
    const head = await this.head();
    await this.compare(head, true);
    return head;
  }

  /** Of the catalog: a number, no rows. */
  async head(): Promise<number> {
    return (await this.snapshots()).at(-1) ?? -1;
  }

  async snapshots(): Promise<number[]> {
    const { rows } = await this.#stage.streams.session.query<{ id: number }>(
      "select snapshot_id::int as id from ducklake.ducklake_snapshot order by 1",
    );
    return rows.map(({ id }) => id);
  }

  /** No commit is under way. */
  async compare(head: number, isAlone: boolean): Promise<void> {
    const { model, streams, reader } = this.#stage;
    model.recordSnapshot(head);
    const scan = `${head} ${model.sequence}`;
    const isNew = scan !== this.#scanned;
    if (isNew) {
      streams.counts.add("scans of the lake");
      const damage = await reader.damage(model.current);
      if (damage) await this.#judgeDamage(damage);
      this.#scanned = scan;
    }
    await refreshAndCompare(streams, this.#dueTables(isNew), {
      sequence: model.sequence,
      isAlone,
      refusals: this.#refusals,
      kind: "forward",
    });
  }

  /** All after each commit; where nothing was committed, one after the other: it may see nothing of open transactions. */
  #dueTables(isNew: boolean): readonly StreamTable[] {
    const turn = this.#rounds++ % STREAM_TABLES.length;
    return isNew ? STREAM_TABLES : STREAM_TABLES.slice(turn, turn + 1);
  }

  /** Damage that others have done must be told, or not be in the stream tables. */
  async #judgeDamage(damage: Damage): Promise<never> {
    const { model, streams } = this.#stage;
    const words: string[] = [];
    const verdicts: boolean[] = [];
    for (const table of STREAM_TABLES) {
      if (!sourcesOf(table).some((source) => (damage.tables as readonly string[]).includes(source))) continue;
      const isRefused = await refreshQuietly(streams, table.name);
      const isRight = (await differencesAt(streams, table, model.sequence)).length === 0;
      const isTold = isRefused || (await selfReport(streams, table.name)).isTold;
      verdicts.push(isRight || isTold);
      words.push(`${table.name} ${isRight ? "is right" : "is wrong"}, ${isTold ? "told" : "not told"}`);
    }
    const outcome = outcomeOf(verdicts);
    streams.counts.add(`damages of the lake: ${damage.detail}, ${outcome}`);
    const text = `${damage.text} | ${words.join("; ") || "no stream table reads it"}`;
    throw new Finding("lake-damage", damage.detail, text, outcome !== "silent");
  }

  async perform({ act, pick }: Step, isAlone: boolean): Promise<void> {
    const strategy = STRATEGIES[act];
    if (!strategy) return verifyAll(this.#stage.streams);
    await rewindAndReplay(this.#stage, { strategy, pick, isAlone, refusals: this.#refusals });
  }

  async atTheEnd(): Promise<void> {
    await verifyAll(this.#stage.streams);
    for (const strategy of Object.values(STRATEGIES)) {
      await rewindAndReplay(this.#stage, { strategy, pick: 0, isAlone: true, refusals: this.#refusals });
    }
  }
}

/** For the stream tables over a damaged table: whether each is right all the same, or says that it is not. */
function outcomeOf(verdicts: readonly boolean[]): "silent" | "told" | "read by no stream table" {
  if (verdicts.length === 0) return "read by no stream table";
  return verdicts.every(Boolean) ? "told" : "silent";
}
