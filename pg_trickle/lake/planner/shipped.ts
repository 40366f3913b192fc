// What postgres_fdw sends for lake tables, translated; or refused, where DuckDB would give another answer.
import { GATE, notSupported, RefusedError, refusableAsync } from "./refusal.ts";
import { bindChange, readChange, readInsert } from "./shipped-dml.ts";
import { parseQuery, translateSelect, withoutLocking } from "./shipped-select.ts";
import { type Token, tokenize, tokenWord } from "./tokens.ts";
import type { ParameterValue, PlannerServices, PreparedStatement, Refusal, ShippedStatement } from "./types.ts";

export function prepareShipped(sql: string, services: PlannerServices): Promise<PreparedStatement | Refusal> {
  return refusableAsync(() => hinted(() => prepare(withoutSemicolon(tokenize(sql)), services)));
}

export async function translateShipped(
  sql: string,
  parameter: ParameterValue,
  services: PlannerServices,
): Promise<ShippedStatement | Refusal> {
  const prepared = await prepareShipped(sql, services);
  return prepared.ok ? prepared.bind(parameter) : prepared;
}

function withoutSemicolon(tokens: readonly Token[]): readonly Token[] {
  return tokens[tokens.length - 1]?.text === ";" ? tokens.slice(0, -1) : tokens;
}

async function prepare(tokens: readonly Token[], services: PlannerServices): Promise<PreparedStatement> {
  const first = tokenWord(tokens[0]);
  switch (first) {
    case "select":
    case "with": {
      const query = await parseQuery(withoutLocking(tokens), services);
      return prepared("select", (parameter) => translateSelect(query, parameter, services));
    }
    case "update":
    case "delete": {
      const change = await readChange(tokens, services);
      return prepared(first, (parameter) => bindChange(change, parameter, services));
    }
    case "insert": {
      const insert = readInsert(tokens);
      return prepared("insert", () => Promise.resolve(insert));
    }
    default:
      return notSupported(
        `${first || "this statement"} is not supported for lake tables`,
        "use select, insert, update or delete",
      );
  }
}

function prepared(
  kind: ShippedStatement["kind"],
  bind: (parameter: ParameterValue) => Promise<ShippedStatement>,
): PreparedStatement {
  return { ok: true, kind, bind: (parameter) => refusableAsync(() => hinted(() => bind(parameter))) };
}

const FENCE = "or let PostgreSQL compute it: select … from (select … from the_table offset 0) t";
const ABOUT_TEXT: readonly string[] = [GATE.syntax, GATE.statement, GATE.relation];

/** A refused expression can always be kept from being shipped; say how. */
async function hinted<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof RefusedError) || error.sqlState !== "LT003" || ABOUT_TEXT.includes(error.code)) throw error;
    throw new RefusedError(error.sqlState, error.code, error.message, error.hint ? `${error.hint}; ${FENCE}` : FENCE);
  }
}
