/** What a program that failed said last: pip, DuckDB and the compiler say what is wrong at the end, behind pages of context. */
export function lastLines(error: unknown): string {
  const stderr = (error as { stderr?: string }).stderr?.trim();
  const text = stderr || (error instanceof Error ? error.message : String(error));
  return text.split("\n").slice(-2).join(" ");
}
