// Values of DuckDB vectors as PostgreSQL's text: exact for every type that a lake table can have.
import {
  type DuckDBArrayType,
  type DuckDBArrayValue,
  type DuckDBBlobValue,
  type DuckDBDataChunk,
  type DuckDBDateValue,
  type DuckDBDecimalValue,
  type DuckDBIntervalValue,
  type DuckDBListType,
  type DuckDBListValue,
  type DuckDBTimestampNanosecondsValue,
  type DuckDBTimestampTZValue,
  type DuckDBTimestampValue,
  type DuckDBTimeTZValue,
  type DuckDBTimeValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBUUIDValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { TextColumn } from "../wire/data-rows.ts";
import { dateText, intervalText, offsetText, timestampText, timeText } from "../wire/text/calendar.ts";
import { arrayText, byteaText, decimalText, doubleText, floatText, uuidText } from "../wire/text/scalars.ts";
import type { ZoneOffset } from "../wire/text/time-zones.ts";

type ItemText = (value: NonNullable<DuckDBValue>) => string;

const NANOS_PER_MICRO = 1000n;

interface Infinite {
  readonly isFinite: boolean;
}

/** PostgreSQL and DuckDB both spell it out. */
function orInfinity(value: Infinite, isPositive: boolean, text: () => string): string {
  if (value.isFinite) return text();
  return isPositive ? "infinity" : "-infinity";
}

const timestamp: ItemText = (value) => {
  const { micros } = value as DuckDBTimestampValue;
  return orInfinity(value as DuckDBTimestampValue, micros > 0n, () => timestampText(micros));
};

function floorMicros(nanos: bigint): bigint {
  const micros = nanos / NANOS_PER_MICRO;
  return nanos % NANOS_PER_MICRO < 0n ? micros - 1n : micros;
}

const ITEM_TEXTS: Readonly<Partial<Record<DuckDBTypeId, ItemText>>> = {
  [DuckDBTypeId.BOOLEAN]: (value) => (value === true ? "t" : "f"),
  [DuckDBTypeId.FLOAT]: (value) => floatText(value as number),
  [DuckDBTypeId.DOUBLE]: (value) => doubleText(value as number),
  [DuckDBTypeId.DECIMAL]: (value) =>
    decimalText((value as DuckDBDecimalValue).value, (value as DuckDBDecimalValue).scale),
  [DuckDBTypeId.BLOB]: (value) => byteaText((value as DuckDBBlobValue).bytes),
  [DuckDBTypeId.DATE]: (value) => {
    const date = value as DuckDBDateValue;
    return orInfinity(date, date.days > 0, () => dateText(date.days));
  },
  [DuckDBTypeId.TIME]: (value) => timeText(Number((value as DuckDBTimeValue).micros)),
  [DuckDBTypeId.TIME_TZ]: (value) => {
    const { micros, offset } = value as DuckDBTimeTZValue;
    return timeText(Number(micros)) + offsetText(offset);
  },
  [DuckDBTypeId.TIMESTAMP]: timestamp,
  [DuckDBTypeId.TIMESTAMP_S]: (value) => {
    const { seconds } = value as unknown as { readonly seconds: bigint };
    return orInfinity(value as unknown as Infinite, seconds > 0n, () => timestampText(seconds * 1_000_000n));
  },
  [DuckDBTypeId.TIMESTAMP_MS]: (value) => {
    const { millis } = value as unknown as { readonly millis: bigint };
    return orInfinity(value as unknown as Infinite, millis > 0n, () => timestampText(millis * 1000n));
  },
  [DuckDBTypeId.TIMESTAMP_NS]: (value) => {
    const { nanos } = value as DuckDBTimestampNanosecondsValue;
    return orInfinity(value as DuckDBTimestampNanosecondsValue, nanos > 0n, () => timestampText(floorMicros(nanos)));
  },
  [DuckDBTypeId.UUID]: (value) => uuidText((value as DuckDBUUIDValue).toUint128()),
  [DuckDBTypeId.INTERVAL]: (value) => {
    const { months, days, micros } = value as DuckDBIntervalValue;
    return intervalText(months, days, micros);
  },
};

function instantText(zone: ZoneOffset): ItemText {
  return (value) => {
    const instant = value as DuckDBTimestampTZValue;
    return orInfinity(instant, instant.micros > 0n, () => timestampText(instant.micros, zone(instant.micros)));
  };
}

/** How one value of a type is written; everything not listed has a `toString` that is PostgreSQL's text already. */
export function itemText(type: DuckDBType, zone: ZoneOffset): ItemText {
  if (type.typeId === DuckDBTypeId.TIMESTAMP_TZ) return instantText(zone);
  if (type.typeId === DuckDBTypeId.LIST || type.typeId === DuckDBTypeId.ARRAY) {
    return listText((type as DuckDBListType | DuckDBArrayType).valueType, zone);
  }
  return ITEM_TEXTS[type.typeId] ?? String;
}

function listText(element: DuckDBType, zone: ZoneOffset): ItemText {
  const text = itemText(element, zone);
  const nested = element.typeId === DuckDBTypeId.LIST || element.typeId === DuckDBTypeId.ARRAY;
  return (value) => {
    const { items } = value as DuckDBListValue | DuckDBArrayValue;
    return arrayText(
      items.map((item) => (item === null ? null : text(item))),
      nested,
    );
  };
}

export function textColumns(chunk: DuckDBDataChunk, writers: readonly ItemText[]): TextColumn[] {
  return writers.map((write, columnIndex) =>
    chunk.getColumnValues(columnIndex).map((value) => (value === null || value === undefined ? null : write(value))),
  );
}
