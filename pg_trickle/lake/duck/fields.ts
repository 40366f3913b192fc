// DuckDB's types as PostgreSQL's: oid, size and modifier for RowDescription. Clients read text, so this is for their eyes.
import { type DuckDBDecimalType, type DuckDBListType, type DuckDBType, DuckDBTypeId } from "@duckdb/node-api";
import type { FieldDescription } from "../wire/replies.ts";

interface PgType {
  readonly oid: number;
  readonly size: number;
}

const TEXT: PgType = { oid: 25, size: -1 };
const NUMERIC: PgType = { oid: 1700, size: -1 };
const INT2: PgType = { oid: 21, size: 2 };
const INT4: PgType = { oid: 23, size: 4 };
const INT8: PgType = { oid: 20, size: 8 };
const TIMESTAMP: PgType = { oid: 1114, size: 8 };

const PG_TYPES: Readonly<Partial<Record<DuckDBTypeId, PgType>>> = {
  [DuckDBTypeId.BOOLEAN]: { oid: 16, size: 1 },
  [DuckDBTypeId.TINYINT]: INT2,
  [DuckDBTypeId.SMALLINT]: INT2,
  [DuckDBTypeId.INTEGER]: INT4,
  [DuckDBTypeId.BIGINT]: INT8,
  [DuckDBTypeId.UTINYINT]: INT2,
  [DuckDBTypeId.USMALLINT]: INT4,
  [DuckDBTypeId.UINTEGER]: INT8,
  [DuckDBTypeId.UBIGINT]: NUMERIC,
  [DuckDBTypeId.HUGEINT]: NUMERIC,
  [DuckDBTypeId.UHUGEINT]: NUMERIC,
  [DuckDBTypeId.BIGNUM]: NUMERIC,
  [DuckDBTypeId.DECIMAL]: NUMERIC,
  [DuckDBTypeId.FLOAT]: { oid: 700, size: 4 },
  [DuckDBTypeId.DOUBLE]: { oid: 701, size: 8 },
  [DuckDBTypeId.DATE]: { oid: 1082, size: 4 },
  [DuckDBTypeId.TIME]: { oid: 1083, size: 8 },
  [DuckDBTypeId.TIME_NS]: { oid: 1083, size: 8 },
  [DuckDBTypeId.TIME_TZ]: { oid: 1266, size: 12 },
  [DuckDBTypeId.TIMESTAMP]: TIMESTAMP,
  [DuckDBTypeId.TIMESTAMP_S]: TIMESTAMP,
  [DuckDBTypeId.TIMESTAMP_MS]: TIMESTAMP,
  [DuckDBTypeId.TIMESTAMP_NS]: TIMESTAMP,
  [DuckDBTypeId.TIMESTAMP_TZ]: { oid: 1184, size: 8 },
  [DuckDBTypeId.INTERVAL]: { oid: 1186, size: 16 },
  [DuckDBTypeId.UUID]: { oid: 2950, size: 16 },
  [DuckDBTypeId.BLOB]: { oid: 17, size: -1 },
};

const NUMERIC_HEADER = 4;

/** PostgreSQL's oid of the array of a type, where a lake table can have one. */
const ARRAY_OIDS: Readonly<Record<number, number>> = {
  16: 1000,
  17: 1001,
  20: 1016,
  21: 1005,
  23: 1007,
  25: 1009,
  700: 1021,
  701: 1022,
  1082: 1182,
  1083: 1183,
  1114: 1115,
  1184: 1185,
  1700: 1231,
  2950: 2951,
};

function pgType(type: DuckDBType): PgType {
  if (type.typeId !== DuckDBTypeId.LIST && type.typeId !== DuckDBTypeId.ARRAY) return PG_TYPES[type.typeId] ?? TEXT;
  const element = pgType((type as DuckDBListType).valueType);
  return { oid: ARRAY_OIDS[element.oid] ?? element.oid, size: -1 };
}

function modifier(type: DuckDBType): number {
  if (type.typeId !== DuckDBTypeId.DECIMAL) return -1;
  const { width, scale } = type as DuckDBDecimalType;
  return ((width << 16) | scale) + NUMERIC_HEADER;
}

export function describeField(name: string, type: DuckDBType): FieldDescription {
  const { oid, size } = pgType(type);
  return { name, typeOid: oid, typeSize: size, typeModifier: modifier(type) };
}
