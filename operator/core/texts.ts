/** Words that several checks need, and texts of others, which may be of any length, cut to what a status may hold (api/status.ts). */

/** Leaves room for what is said around it. */
const quotedLimit = 4_000;
const messageLimit = 32_000;

/** Never half a character: the API server would store another one. */
export function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`.toWellFormed();
}

/** What somebody else said: an error, a reason. */
export function quotedText(text: string): string {
  return cut(text, quotedLimit);
}

/** One table or many: the verb that goes with them. */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

export function plural(tables: readonly unknown[], one: string, many: string): string {
  return tables.length === 1 ? one : many;
}

/** An event holds 1024 bytes, and what to do comes last. */
const namedTables = 3;

export function tableList(names: readonly string[]): string {
  const others = names.length - namedTables;
  return names.slice(0, namedTables).join(", ") + (others > 0 ? ` and ${others} more` : "");
}

/** A call that a person may copy. */
export function resumeCall(tables: readonly string[]): string {
  return `select pgtrickle.resume_scheduler(array[${tables.map((name) => `'${name}'`).join(", ")}])`;
}

/** A change of the spec that a person may copy. */
export function patchCommand({ namespace, name }: { namespace: string; name: string }, spec: object): string {
  return `kubectl patch strw ${name} -n ${namespace} --type merge -p '${JSON.stringify({ spec })}'`;
}

/** To the second, and never too early. @param atMs milliseconds since 1970 */
export function timeText(atMs: number): string {
  return new Date(Math.ceil(atMs / 1000) * 1000).toISOString().replace(".000Z", "Z");
}

/** Everything that is said. */
export function messageText(text: string): string {
  return cut(text, messageLimit);
}
