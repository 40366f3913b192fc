/** What the guard can say, read from its functions in the database, so that no refusal of it is unknown here. Pure but for that. */
import type { Client } from "pg";

/** A sentence with which the guard refuses a commit. */
export interface Refusal {
  /** The function that has it, without its schema. */
  readonly by: string;
  /** As it stands there: `%s` for what is filled in. */
  readonly sentence: string;
}

export const nameOf = ({ by, sentence }: Refusal): string => `${by}, ${sentence.replaceAll("%s", "…")}`;

const CALL = /pgtrickle_guard\.refuse\(/g;
const SENTENCE = /pgtrickle_guard\.refuse\(\s*format\('((?:[^']|'')*)'/g;

/** The refusals of one function by its definition; throws where one is written so that it would be missed. */
export function refusalsOf(by: string, definition: string): Refusal[] {
  if (by === "refuse") return [];
  const found = [...definition.matchAll(SENTENCE)].map(([, sentence = ""]) => ({ by, sentence }));
  const calls = [...definition.matchAll(CALL)].length;
  if (found.length !== calls || /\braise\s+exception\b/i.test(definition)) {
    throw new Error(`a refusal of pgtrickle_guard.${by} is not written as refuse(format('…', …), …)`);
  }
  return found;
}

export async function declaredRefusals(session: Client): Promise<Refusal[]> {
  const { rows } = await session.query<{ name: string; definition: string }>(
    `select proname as name, pg_get_functiondef(oid) as definition from pg_proc
     where pronamespace = 'pgtrickle_guard'::regnamespace order by 1`,
  );
  return rows.flatMap(({ name, definition }) => refusalsOf(name, definition));
}

function patternOf({ sentence }: Refusal): RegExp {
  const parts = sentence.split("%s").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(parts.join("[^\\n]*?"));
}

export interface Heard {
  readonly refusal: Refusal;
  /** The table's id in the catalog, if the sentence has it. */
  readonly tableId: number | undefined;
}

/** Which of the refusals a client's message is. A plain DuckDB shows the functions too, so that two that say the same are told apart. */
export function heardIn(declared: readonly Refusal[], message: string): Heard | undefined {
  const fitting = declared.filter((refusal) => patternOf(refusal).test(message));
  const refusal = fitting.find(({ by }) => message.includes(`pgtrickle_guard.${by}(`)) ?? fitting[0];
  if (!refusal) return undefined;
  const said = patternOf(refusal).exec(message)?.[0] ?? "";
  const id = /\btable (\d+)/.exec(said)?.[1];
  return { refusal, tableId: id === undefined ? undefined : Number(id) };
}
