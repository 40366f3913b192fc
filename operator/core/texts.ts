/** Texts of others, which may be of any length, cut to what a status may hold (api/status.ts). */

/** Leaves room for what is said around it. */
const quotedLimit = 4_000;
const messageLimit = 32_000;

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`.toWellFormed();
}

/** What somebody else said: an error, a reason. */
export function quotedText(text: string): string {
  return cut(text, quotedLimit);
}

/** Everything that is said. */
export function messageText(text: string): string {
  return cut(text, messageLimit);
}
