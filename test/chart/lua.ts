/** Lua as Argo CD runs it: its own interpreter with the few libraries that it opens, built once from tools/go/lua. */
import { goHelper } from "./go-answers.ts";

export interface LuaRun {
  readonly script: string;
  /** The global `obj`. */
  readonly object: unknown;
}

export type LuaAnswer = { readonly value: unknown } | { readonly error: string };

const { ensure, ask } = goHelper("lua", "the Lua interpreter of Argo CD");

export const ensureLua = ensure;

/** One answer a run, whatever the scripts do. */
export function runLua(runs: readonly LuaRun[]): Promise<readonly LuaAnswer[]> {
  return ask<LuaAnswer>(runs);
}
