/** Prometheus' own reading of rules and expressions, and what it would alert on; built once from tools/go/promql. */
import { goHelper } from "./go-answers.ts";

export type Labels = Readonly<Record<string, string>>;

export interface PromqlQuestion {
  /** A file of rules. */
  readonly rules?: string;
  /** A single expression. */
  readonly expression?: string;
  /** Seconds between two samples; a minute, unless told. */
  readonly seconds?: number;
  /** Samples, one a minute, in promtool's notation: `metric{label="x"} 0 1x30`. */
  readonly series?: readonly string[];
  /** Which alerts fire then. */
  readonly minutes?: number;
}

export interface PromqlAnswer {
  readonly errors: readonly string[];
  readonly firing?: readonly Labels[];
}

const { ensure, ask } = goHelper("promql", "Prometheus' engine");

export const ensurePromql = ensure;

export function askPromql(questions: readonly PromqlQuestion[]): Promise<readonly PromqlAnswer[]> {
  return ask<PromqlAnswer>(questions);
}
