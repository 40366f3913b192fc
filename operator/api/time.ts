/**
 * A point in time as spec.target takes it. RFC 3339 alone would let through what PostgreSQL refuses (the year 0000, an offset of
 * 16 hours) and what people mistype (a comma, small letters); the API server's own check of `date-time` does the same.
 */
import type { CelRule } from "./cel-rule.ts";

const leapYear = "([0-9]{2}([2468][048]|[13579][26]|0[48])|([2468][048]|[13579][26]|0[48])00)";
const monthAndDay =
  "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))";
const timeOfDay = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?";
/** PostgreSQL's limit is 15:59:59. */
const zone = "(Z|[+-](0[0-9]|1[0-5]):[0-5][0-9])";

/** Understood alike by JavaScript and by RE2, which CEL uses. */
const pattern = `^(${leapYear}-02-29|[0-9]{4}-${monthAndDay})T${timeOfDay}${zone}$`;
const yearZero = "0000-";

const before = "target.timestamp '";
const after =
  "' is not a time that exists: write it as 2026-11-29T14:30:00Z or 2026-11-29T15:30:00.25+01:00 (year 0001 or later, capital T and Z, a point before fractions of a second, an offset below 16 hours)";

export function timeMessage(value: string): string {
  return `${before}${value}${after}`;
}

export function isTime(value: string): boolean {
  return !value.startsWith(yearZero) && new RegExp(pattern).test(value);
}

export const timeRule: CelRule = {
  rule: `!self.startsWith('${yearZero}') && self.matches('${pattern}')`,
  message: timeMessage("…"),
  messageExpression: `"${before}" + self + "${after}"`,
};
