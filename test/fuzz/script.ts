/**
 * What a history does, as plain data: made from a seed, printed as text, read back from it. A step says what kind of thing a
 * client does next; which rows it meets is found when it is played (resolve.ts), so that steps can be left out of a script.
 */
import { createRandom, type Random } from "./random.ts";

export const LAKE_TABLES = ["events", "items", "notes", "logs"] as const;
export type LakeTable = (typeof LAKE_TABLES)[number];

export const CLIENT_NAMES = ["duck", "pg1", "pg2", "pg3"] as const;
export type ClientName = (typeof CLIENT_NAMES)[number];

const WRITES = ["insert-few", "insert-many", "delete-few", "delete-many", "update-few", "update-many"] as const;
const BROAD_WRITES = ["delete-where", "update-where"] as const;
const ROW_WRITES = ["update-from", "update-rows", "delete-rows"] as const;
const OTHERS = ["merge-into", "touch-new", "read"] as const;
const BOUNDS = ["begin", "commit", "rollback", "savepoint", "rollback-to"] as const;
export const MAINTENANCE = ["flush", "merge-files", "rewrite", "checkpoint", "expire", "cleanup"] as const;
/** Two further clients race for what the guard must refuse; see provocations.ts. */
export const PROVOCATIONS = [
  "provoke-two-deletions",
  "provoke-deletion-beside-flush",
  "provoke-deletion-beside-merge",
  "provoke-deletion-beside-rewrite",
  "provoke-deletion-beside-emptying",
  "provoke-merge-beside-deletion",
  "provoke-rewrite-beside-deletion",
  "provoke-flush-beside-commit",
  "provoke-stale-deletion",
  "provoke-unreadable-changes",
] as const;
const CHECKS = ["rewind-auto", "rewind-full", "rewind-journal", "verify"] as const;

export type Maintenance = (typeof MAINTENANCE)[number];
export type Provoke = (typeof PROVOCATIONS)[number];
export type Check = (typeof CHECKS)[number];
export type Bound = (typeof BOUNDS)[number];
export type Write =
  | (typeof WRITES)[number]
  | (typeof BROAD_WRITES)[number]
  | (typeof ROW_WRITES)[number]
  | (typeof OTHERS)[number];
export type Act = Write | Bound | Maintenance | Provoke | Check;

const ACTS: readonly string[] = [
  ...WRITES,
  ...BROAD_WRITES,
  ...ROW_WRITES,
  ...OTHERS,
  ...BOUNDS,
  ...MAINTENANCE,
  ...PROVOCATIONS,
  ...CHECKS,
];

export const isMaintenance = (act: Act): act is Maintenance => (MAINTENANCE as readonly string[]).includes(act);
export const isCheck = (act: Act): act is Check => (CHECKS as readonly string[]).includes(act);
export const isProvocation = (act: Act): act is Provoke => (PROVOCATIONS as readonly string[]).includes(act);
export const isBound = (act: Act): act is Bound => (BOUNDS as readonly string[]).includes(act);

const isBroadWrite = ({ act }: Step) => (BROAD_WRITES as readonly string[]).includes(act);

export interface Step {
  readonly client: ClientName | "check" | "rivals";
  /** Number of the transaction that it belongs to; 0: a statement that commits by itself. */
  readonly transaction: number;
  readonly act: Act;
  readonly table: LakeTable;
  readonly size: number;
  /** Decides what is left open here. */
  readonly pick: number;
}

export interface ScriptOptions {
  readonly seed: number;
  readonly steps: number;
  readonly clients: readonly ClientName[];
  readonly withMaintenance: boolean;
  /** Provocations of the guard in between, at random moments. */
  readonly withProvocations: boolean;
}

export function printStep({ client, transaction, act, table, size, pick }: Step): string {
  return `${client} ${transaction} ${act} ${table} ${size} ${pick}`;
}

export function parseStep(line: string): Step {
  const words = line.trim().split(/\s+/);
  const [client = "", transaction = "", act = "", table = "", size = "", pick = ""] = words;
  const isKnown =
    [...CLIENT_NAMES, "check", "rivals"].includes(client) &&
    ACTS.includes(act) &&
    (LAKE_TABLES as readonly string[]).includes(table) &&
    [transaction, size, pick].every((word) => /^\d+$/.test(word)) &&
    words.length === 6;
  if (!isKnown) throw new Error(`not a step: ${line} (client, transaction, act, table, size, pick)`);
  return {
    client: client as Step["client"],
    transaction: Number(transaction),
    act: act as Act,
    table: table as LakeTable,
    size: Number(size),
    pick: Number(pick),
  };
}

/** Lines that begin with # are for people. */
export function parseScript(text: string): Step[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return lines.map(parseStep);
}

const SIZES: Partial<Record<Act, readonly [number, number]>> = {
  "insert-few": [1, 8],
  "insert-many": [50, 80],
  "delete-few": [1, 10],
  "delete-many": [11, 40],
  "update-few": [1, 10],
  "update-many": [11, 40],
  "merge-into": [1, 15],
  "update-from": [1, 6],
  "update-rows": [1, 6],
  "delete-rows": [1, 6],
  "touch-new": [1, 6],
};

const COMMON_WEIGHTS = {
  "insert-few": 4,
  "insert-many": 2,
  "delete-few": 5,
  "delete-many": 3,
  "update-few": 4,
  "update-many": 3,
  "delete-where": 1,
  "update-where": 2,
  read: 1,
} as const;
const DUCK_WEIGHTS = { ...COMMON_WEIGHTS, "merge-into": 3 } as const;
const POSTGRES_WEIGHTS = { ...COMMON_WEIGHTS, "update-from": 2, "update-rows": 2, "delete-rows": 2 } as const;
const TABLE_WEIGHTS = { events: 5, items: 3, notes: 3 } as const;
const LENGTH_WEIGHTS = { 1: 5, 2: 3, 3: 2, 4: 1 } as const;
const MAINTENANCE_WEIGHTS = { flush: 5, "merge-files": 3, rewrite: 3, checkpoint: 1, expire: 3, cleanup: 2 } as const;
const CHECK_WEIGHTS = { "rewind-auto": 3, "rewind-full": 2, "rewind-journal": 3, verify: 3 } as const;

const PROVOKED_SHARE = 0.08;

/** The next transactions of the clients, interleaved step by step. */
class Writer {
  readonly #random: Random;
  /** Apart, so that the other steps are those of the seed with and without provocations. */
  readonly #provoking: Random;
  readonly #options: ScriptOptions;
  readonly #plans = new Map<ClientName, Step[]>();
  #transactions = 0;

  constructor(options: ScriptOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed);
    this.#provoking = createRandom(options.seed + 0x5eed);
  }

  step(client: Step["client"], transaction: number, act: Act, table?: LakeTable): Step {
    const [low, high] = SIZES[act] ?? [0, 0];
    return {
      client,
      transaction,
      act,
      table: table ?? this.#random.weighted(TABLE_WEIGHTS),
      size: this.#random.between(low, high),
      pick: this.#random.below(10_000),
    };
  }

  next(): Step {
    if (this.#options.withProvocations && this.#provoking.chance(PROVOKED_SHARE)) return this.#provocation();
    if (this.#random.chance(0.08)) return this.step("check", 0, this.#random.weighted(CHECK_WEIGHTS), "events");
    const client = this.#random.pick(this.#options.clients);
    const plan = this.#plans.get(client) ?? [];
    if (plan.length === 0) plan.push(...this.#plan(client));
    this.#plans.set(client, plan);
    return plan.shift() as Step;
  }

  #provocation(): Step {
    const random = this.#provoking;
    const act = random.pick(PROVOCATIONS);
    const table = random.weighted(TABLE_WEIGHTS);
    return { client: "rivals", transaction: 0, act, table, size: 0, pick: random.below(10_000) };
  }

  #plan(client: ClientName): Step[] {
    if (client === "duck" && this.#options.withMaintenance && this.#random.chance(0.35)) {
      return this.#maintenance();
    }
    return this.#random.chance(0.4) ? [this.#write(client, 0)] : this.#transaction(client);
  }

  #write(client: ClientName, transaction: number, table?: LakeTable): Step {
    const weights = client === "duck" ? DUCK_WEIGHTS : POSTGRES_WEIGHTS;
    return this.step(client, transaction, this.#random.weighted<Write>(weights), table);
  }

  #maintenance(): Step[] {
    const act = this.#random.weighted<Maintenance>(MAINTENANCE_WEIGHTS);
    if (act !== "flush" || this.#random.chance(0.7)) return [this.step("duck", 0, act)];
    const transaction = ++this.#transactions;
    return [
      this.step("duck", transaction, "begin"),
      this.step("duck", transaction, act),
      this.step("duck", transaction, "commit"),
    ];
  }

  #transaction(client: ClientName): Step[] {
    const transaction = ++this.#transactions;
    // Most of a transaction is on one table: each further one is one more to conflict on.
    const home = this.#random.weighted(TABLE_WEIGHTS);
    const writes = this.#writes(client, transaction, home);
    const steps = [this.step(client, transaction, "begin"), ...writes];
    if (client !== "duck" && this.#random.chance(0.15)) this.#addSavepoint(client, transaction, steps);
    steps.push(this.step(client, transaction, this.#random.chance(0.1) ? "rollback" : "commit"));
    return steps;
  }

  #writes(client: ClientName, transaction: number, home: LakeTable): Step[] {
    const count = Number(this.#random.weighted(LENGTH_WEIGHTS));
    const steps: Step[] = [];
    while (steps.length < count) {
      const step = this.#write(client, transaction, this.#random.chance(0.8) ? home : undefined);
      // What two broad statements have met, each with a view of its own, cannot be told from their counts.
      if (isBroadWrite(step) && steps.some(isBroadWrite)) continue;
      steps.push(step);
      const isInsert = step.act.startsWith("insert") || step.act === "merge-into";
      if (isInsert && this.#random.chance(0.4)) steps.push(this.step(client, transaction, "touch-new", step.table));
    }
    return steps;
  }

  #addSavepoint(client: ClientName, transaction: number, steps: Step[]): void {
    const at = this.#random.between(1, steps.length);
    steps.splice(at, 0, this.step(client, transaction, "savepoint"));
    const back = this.#random.between(at + 1, steps.length);
    steps.splice(back, 0, this.step(client, transaction, "rollback-to"));
  }
}

export function makeScript(options: ScriptOptions): Step[] {
  const writer = new Writer(options);
  return Array.from({ length: options.steps }, () => writer.next());
}
