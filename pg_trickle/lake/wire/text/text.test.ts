import { describe, expect, test } from "vitest";
import { dateText, intervalText, offsetText, timestampText, timeText } from "./calendar.ts";
import { arrayText, byteaText, decimalText, doubleText, floatText, uuidText } from "./scalars.ts";
import { zoneOffset } from "./time-zones.ts";

describe("dates", () => {
  test.each([
    [0, "1970-01-01"],
    [-1, "1969-12-31"],
    [19_782, "2024-02-29"],
    [-719_162, "0001-01-01"],
    [-719_163, "0001-12-31 BC"],
    [-735_160, "0044-03-15 BC"],
    [2_932_896, "9999-12-31"],
    [2_932_897, "10000-01-01"],
  ])("%d days is %s", (days, want) => {
    expect(dateText(days)).toBe(want);
  });

  test("agree with JavaScript's over 60000 years", () => {
    for (let days = -719_162; days < 21_000_000; days += 9973) {
      const iso = new Date(days * 86_400_000).toISOString().slice(0, -14).replace(/^\+0*/, "");
      expect(dateText(days)).toBe(iso);
    }
  });
});

describe("timestamps", () => {
  test.each([
    [0n, undefined, "1970-01-01 00:00:00"],
    [-1n, undefined, "1969-12-31 23:59:59.999999"],
    [1_795_341_984_580_219n, 0, "2026-11-22 10:06:24.580219+00"],
    [1_795_341_984_500_000n, 19_800, "2026-11-22 15:36:24.5+05:30"],
    [0n, -2670, "1969-12-31 23:15:30-00:44:30"],
    [-62_135_596_800_000_000n, 0, "0001-01-01 00:00:00+00"],
    [-63_517_348_800_000_000n, 0, "0044-03-20 12:00:00+00 BC"],
    [9_223_371_331_199_999_999n, undefined, "294247-01-01 23:59:59.999999"],
  ])("%d at %s is %s", (micros, offset, want) => {
    expect(timestampText(micros, offset)).toBe(want);
  });

  test("times and offsets lose nothing and add nothing", () => {
    expect([timeText(0), timeText(1), timeText(43_200_500_000), timeText(86_400_000_000)]).toEqual([
      "00:00:00",
      "00:00:00.000001",
      "12:00:00.5",
      "24:00:00",
    ]);
    expect([0, 3600, -12_600, 20_700].map(offsetText)).toEqual(["+00", "+01", "-03:30", "+05:45"]);
  });
});

describe("intervals", () => {
  test.each([
    [0, 0, 0n, "00:00:00"],
    [14, 3, 14_706_789_000n, "1 year 2 mons 3 days 04:05:06.789"],
    [1, 1, 0n, "1 mon 1 day"],
    [-14, 3, -1_000_000n, "-1 years -2 mons +3 days -00:00:01"],
    [-1, 0, 1_000_000n, "-1 mons +00:00:01"],
    [0, 0, 360_000_000_000n, "100:00:00"],
  ])("%d months, %d days, %d µs is %s", (months, days, micros, want) => {
    expect(intervalText(months, days, micros)).toBe(want);
  });
});

describe("time zones", () => {
  const micros = (iso: string) => BigInt(Date.parse(iso)) * 1000n;

  test("give the offset of the instant", () => {
    const zurich = zoneOffset("Europe/Zurich");
    expect([zurich(micros("2026-01-01T00:00:00Z")), zurich(micros("2026-07-01T00:00:00Z"))]).toEqual([3600, 7200]);
    expect(zurich(micros("2026-03-29T00:59:59.999Z"))).toBe(3600);
    expect(zurich(micros("2026-03-29T01:00:00Z"))).toBe(7200);
    expect(zoneOffset("Asia/Kathmandu")(0n)).toBe(19_800);
    expect(zoneOffset("Africa/Monrovia")(0n)).toBe(-2670);
  });

  test("that nobody knows are refused by name", () => {
    expect(() => zoneOffset("Mars/Olympus")).toThrow(expect.objectContaining({ sqlState: "22023" }));
  });
});

describe("numbers", () => {
  test.each([0, -0, 1, 0.1, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, Number.NaN, Infinity, -Infinity, 123_456_789.123])(
    "%d reads back as the same double",
    (value) => {
      expect(Object.is(Number(doubleText(value)), value)).toBe(true);
    },
  );

  test("of single precision are as short as they can be", () => {
    const texts = [0.1, 3.4028235e38, -1e-37, 16_777_216, 1e-45].map((value) => floatText(Math.fround(value)));
    expect(texts).toEqual(["0.1", "3.4028235e+38", "-1e-37", "16777216", "1e-45"]);
  });

  test.each([
    [0n, 2, "0.00"],
    [5n, 2, "0.05"],
    [-5n, 2, "-0.05"],
    [123_456n, 2, "1234.56"],
    [99_999_999_999_999_999_999_999_999_999_999_999_999n, 0, "99999999999999999999999999999999999999"],
  ])("%d with scale %d is %s", (unscaled, scale, want) => {
    expect(decimalText(unscaled, scale)).toBe(want);
  });
});

test("bytes, uuids and arrays are PostgreSQL's", () => {
  expect(byteaText(new Uint8Array([0, 255, 16]))).toBe("\\x00ff10");
  expect(uuidText(1n)).toBe("00000000-0000-0000-0000-000000000001");
  expect(arrayText(["a", null, "", "b c", "null", 'q"\\', "{}"], false)).toBe(
    '{a,NULL,"","b c","null","q\\"\\\\","{}"}',
  );
  expect(arrayText(["{1,2}", "{3,4}"], true)).toBe("{{1,2},{3,4}}");
});
