// Offsets of IANA time zones, from the ICU data inside Node. A formatter call costs microseconds, so offsets are kept per
// quarter of an hour: no zone changes its offset at a finer step than that.
import { LakeError, SQL_STATE } from "../../errors.ts";

const QUARTER_MS = 900_000;
/** JavaScript's Date ends here; PostgreSQL's timestamps go on. */
const DATE_LIMIT_MS = 8.64e15;
const CACHE_LIMIT = 20_000;
const UTC_NAMES = new Set(["utc", "gmt", "etc/utc", "etc/gmt", "z", "zulu", "uct"]);

export type ZoneOffset = (microsSinceEpoch: bigint) => number;

const utc: ZoneOffset = () => 0;

/** The offset function of a zone in seconds; throws 22023 for a name that ICU does not know. */
export function zoneOffset(zone: string): ZoneOffset {
  if (UTC_NAMES.has(zone.toLowerCase())) return utc;
  const formatter = zoneFormatter(zone);
  const known = new Map<number, number>();
  return (micros) => {
    const quarter = Math.floor(Number(micros / 1000n) / QUARTER_MS);
    const cached = known.get(quarter);
    if (cached !== undefined) return cached;
    if (known.size >= CACHE_LIMIT) known.clear();
    const offset = formattedOffset(formatter, quarter * QUARTER_MS);
    known.set(quarter, offset);
    return offset;
  };
}

function zoneFormatter(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  } catch (cause) {
    throw new LakeError(SQL_STATE.invalidParameter, `time zone "${zone}" is not known`, {
      hint: "Use a name of the IANA time zone database such as Europe/Zurich.",
      cause,
    });
  }
}

function formattedOffset(formatter: Intl.DateTimeFormat, epochMs: number): number {
  const clamped = Math.min(Math.max(epochMs, -DATE_LIMIT_MS), DATE_LIMIT_MS);
  const part = formatter.formatToParts(clamped).find((candidate) => candidate.type === "timeZoneName");
  const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(part?.value ?? "");
  if (match?.[1] === undefined) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
  return match[1] === "-" ? -seconds : seconds;
}
