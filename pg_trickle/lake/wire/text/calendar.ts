// Dates and times as PostgreSQL's ISO text. Years run from 290308 BC to 294247, farther than JavaScript's Date, so days
// are turned into years by arithmetic (Howard Hinnant's civil_from_days) and never by Date.

export const MICROS_PER_DAY = 86_400_000_000n;
const DAYS_PER_ERA = 146_097;

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

function civilFromDays(daysSinceEpoch: number): CivilDate {
  const shifted = daysSinceEpoch + 719_468;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return { year, month, day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1 };
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** The date, and " BC" to be put at the very end: PostgreSQL has no year 0. */
function dateParts(daysSinceEpoch: number): { readonly date: string; readonly era: string } {
  const { year, month, day } = civilFromDays(daysSinceEpoch);
  const shown = year > 0 ? year : 1 - year;
  return { date: `${String(shown).padStart(4, "0")}-${two(month)}-${two(day)}`, era: year > 0 ? "" : " BC" };
}

export function dateText(daysSinceEpoch: number): string {
  const { date, era } = dateParts(daysSinceEpoch);
  return date + era;
}

/** Time of day; no trailing zeros in the fraction. */
export function timeText(microsOfDay: number): string {
  const seconds = Math.floor(microsOfDay / 1_000_000);
  const micros = microsOfDay - seconds * 1_000_000;
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return micros === 0 ? clock : `${clock}.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
}

/** An offset from UTC such as +02, +05:30 or -00:44:30. */
export function offsetText(offsetSeconds: number): string {
  if (offsetSeconds === 0) return "+00";
  const sign = offsetSeconds < 0 ? "-" : "+";
  const size = Math.abs(offsetSeconds);
  const seconds = size % 60;
  const minutes = Math.floor(size / 60) % 60;
  const tail = seconds === 0 ? "" : `:${two(seconds)}`;
  const middle = minutes === 0 && seconds === 0 ? "" : `:${two(minutes)}`;
  return `${sign}${two(Math.floor(size / 3600))}${middle}${tail}`;
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

interface DayAndTime {
  readonly days: number;
  readonly microsOfDay: number;
}

const MICROS_PER_DAY_NUMBER = Number(MICROS_PER_DAY);
/** Up to the year 2255 a double holds every microsecond, and arithmetic with doubles is ten times as fast. */
const EXACT_MICROS = BigInt(Number.MAX_SAFE_INTEGER);

function splitMicros(micros: bigint): DayAndTime {
  if (micros < EXACT_MICROS && micros > -EXACT_MICROS) {
    const exact = Number(micros);
    const days = Math.floor(exact / MICROS_PER_DAY_NUMBER);
    return { days, microsOfDay: exact - days * MICROS_PER_DAY_NUMBER };
  }
  const days = floorDivide(micros, MICROS_PER_DAY);
  return { days: Number(days), microsOfDay: Number(micros - days * MICROS_PER_DAY) };
}

let lastDay = 0;
let lastParts = dateParts(0);

/** Timestamps that follow each other are mostly of one day. */
function dateOfDay(days: number): ReturnType<typeof dateParts> {
  if (days !== lastDay) {
    lastParts = dateParts(days);
    lastDay = days;
  }
  return lastParts;
}

/** A timestamp; with an offset the instant is shown at that offset. */
export function timestampText(microsSinceEpoch: bigint, offsetSeconds?: number): string {
  const local = offsetSeconds ? microsSinceEpoch + BigInt(offsetSeconds) * 1_000_000n : microsSinceEpoch;
  const { days, microsOfDay } = splitMicros(local);
  const { date, era } = dateOfDay(days);
  const offset = offsetSeconds === undefined ? "" : offsetText(offsetSeconds);
  return `${date} ${timeText(microsOfDay)}${offset}${era}`;
}

/** PostgreSQL's intervalstyle "postgres", which postgres_fdw asks for. */
export function intervalText(months: number, days: number, micros: bigint): string {
  const years = Math.trunc(months / 12);
  const parts = [unit(years, "year"), unit(months - years * 12, "mon"), unit(days, "day")].filter(
    (part) => part !== "",
  );
  // PostgreSQL writes a plus sign once a negative part has come before.
  const signed = parts.map((part, index) =>
    parts.slice(0, index).some(isNegative) && !isNegative(part) ? `+${part}` : part,
  );
  if (micros !== 0n || signed.length === 0) signed.push(clockText(micros, signed.some(isNegative)));
  return signed.join(" ");
}

const isNegative = (part: string): boolean => part.startsWith("-");

function unit(count: number, name: string): string {
  if (count === 0) return "";
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

function clockText(micros: bigint, afterNegative: boolean): string {
  const positive = afterNegative ? "+" : "";
  const sign = micros < 0n ? "-" : positive;
  const size = micros < 0n ? -micros : micros;
  const hours = size / 3_600_000_000n;
  const rest = timeText(Number(size % 3_600_000_000n)).slice(2);
  return `${sign}${String(hours).padStart(2, "0")}${rest}`;
}
