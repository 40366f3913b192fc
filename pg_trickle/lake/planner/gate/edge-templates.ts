// For tests only: every expression that the gate may let through, with holes for values of every type. `A` and `B` are columns of
// two edge tables; what PostgreSQL has no such operator for, and what the gate refuses, drops out by itself.

const UNITS = ["microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year"];
const FIELDS = [
  "year",
  "isoyear",
  "quarter",
  "month",
  "week",
  "day",
  "dow",
  "isodow",
  "doy",
  "hour",
  "minute",
  "microseconds",
  "second",
  "epoch",
  "century",
];
const CASTS = [
  "smallint",
  "integer",
  "bigint",
  "numeric",
  "numeric(12,2)",
  "numeric(5,1)",
  "numeric(38,0)",
  "real",
  "double precision",
  "text",
  "varchar",
  "boolean",
  "date",
  "time",
  "timestamp",
  "timestamptz",
  "interval",
  "uuid",
];
const SPANS = ["1 month", "30 days", "1 day", "24 hours", "-1 year", "1 year 2 mons 3 days 04:05:06", "00:00:00.5"];
const NUMBERS = ["0", "1", "-3", "7", "1.5", "100.00", "2147483648", "12345678901234567890"];
const PATTERNS = ["'a%'", "'%b_c%'", "'%'", "'_'", "''", "'a\\%%'", "'%\\\\'", "'e%'", "'\ufeff%'"];

export const UNARY: readonly string[] = [
  ...CASTS.map((target) => `A::${target}`),
  ...UNITS.map((unit) => `date_trunc('${unit}', A)`),
  ...FIELDS.flatMap((field) => [`extract(${field} from A)`, `date_part('${field}', A)`]),
  ...["UTC", "Europe/Berlin", "+02"].map((zone) => `A at time zone '${zone}'`),
  ...SPANS.flatMap((span) => [`A + interval '${span}'`, `A - interval '${span}'`]),
  ...NUMBERS.flatMap((number) => ["+", "-", "*", "/", "%"].map((sign) => `A ${sign} ${number}`)),
  ...NUMBERS.flatMap((number) => [
    `A < ${number}`,
    `coalesce(A, ${number})`,
    `nullif(A, ${number})`,
    `mod(A, ${number})`,
  ]),
  ...PATTERNS.flatMap((pattern) => [`A like ${pattern}`, `A not like ${pattern}`]),
  ...[-2, 0, 1, 3].flatMap((count) => [`left(A, ${count})`, `right(A, ${count})`]),
  ...[1, 2, 30].flatMap((start) => [`substr(A, ${start})`, `substr(A, ${start}, 1)`, `substring(A, ${start}, 0)`]),
  ...[0, 1, 4].flatMap((width) => [`lpad(A, ${width}, 'é')`, `rpad(A, ${width}, 'xy')`]),
  ...["trim", "ltrim", "rtrim", "btrim"].flatMap((name) => [`${name}(A)`, `${name}(A, 'a ')`, `${name}(A, 'éß')`]),
  ...["length", "char_length", "character_length", "md5", "abs", "round", "trunc", "floor", "ceil", "ceiling"].map(
    (name) => `${name}(A)`,
  ),
  ...["round", "trunc"].flatMap((name) => [`${name}(A, 0)`, `${name}(A, 1)`, `${name}(A, 2)`]),
  ...["split_part(A, ',', 1)", "split_part(A, 'X', 2)", "split_part(A, 'b', 9)", "position('b' in A)"],
  ...["replace(A, 'a', '')", "replace(A, '', 'x')", "strpos(A, 'é')", "starts_with(A, 'a')", "concat(A)"],
  ...["A is null", "A is not null", "A is true", "A is not false", "not A", "+ A", "- A"],
  ...["case when A is null then 1 else 0 end", "case A when null then 'x' else 'y' end", "coalesce(A, null)"],
  ...["greatest(A, null)", "A in (null)", "concat_ws(',', A, 'x')", "A || 'x'", "'x' || A"],
  'A collate "C"',
];

export const BINARY: readonly string[] = [
  ...["=", "<>", "<", ">", "<=", ">=", "is distinct from", "is not distinct from"].map((sign) => `A ${sign} B`),
  ...["+", "-", "*", "/", "%", "||"].map((sign) => `A ${sign} B`),
  ...["coalesce", "greatest", "least", "nullif", "concat", "mod"].map((name) => `${name}(A, B)`),
  ...[
    "A between B and A",
    "A not between B and B",
    "A in (B, null)",
    "A not in (B)",
    "case when A = B then A else B end",
  ],
  ...["case A when B then 1 else 2 end", "case when A < B then A end", "A like B", "A not like B"],
  ...[
    "replace(A, B, 'z')",
    "strpos(A, B)",
    "starts_with(A, B)",
    "concat_ws(A, B, 'x')",
    "A + (B || ' days')::interval",
  ],
  ...["A = any (array[B, null])", "A <> all (array[B])"],
];

/** Over one edge table, with `A` for its column and `public.a` for itself; `public.b` is a second one of the same type. */
export const QUERIES: readonly string[] = [
  ...["count", "sum", "avg", "min", "max", "bool_and", "bool_or", "every"].flatMap((name) => [
    `select b.k, ${name}(A) as r from public.a a, public.b b where a.k <= b.k group by b.k`,
    `select 0 as k, ${name}(A) as r from public.a a where a.k < 0`,
    `select b.k, ${name}(distinct A) as r from public.a a, public.b b where a.k >= b.k group by b.k`,
    `select b.k, ${name}(A) filter (where a.k > 2) as r from public.a a, public.b b where a.k <= b.k group by b.k`,
  ]),
  "select count(*) as k, A as r from public.a a group by A",
  "select distinct 0 as k, A as r from public.a a",
  "select 0 as k, A as r from public.a a union select 0, b.v from public.b b",
  "select 0 as k, A as r from public.a a except select 0, b.v from public.b b where b.k > 3",
  "select 0 as k, A as r from public.a a intersect select 0, b.v from public.b b where b.k > 3",
  "select a.k, A as r from public.a a order by A, a.k limit 4",
  "select a.k, A as r from public.a a order by A desc, a.k limit 5 offset 1",
  "select a.k * 100 + b.k as k, A as r from public.a a join public.b b on A = b.v",
  "select a.k * 100 + coalesce(b.k, 0) as k, A as r from public.a a left join public.b b on A < b.v and a.k <> b.k",
  "select coalesce(a.k, 0) * 100 + coalesce(b.k, 0) as k, A as r from public.a a full join public.b b on A = b.v",
  "select a.k * 100 + b.k as k, v as r from public.a a join public.b b using (v)",
  "select a.k, A as r from public.a a where A in (select b.v from public.b b where b.k > 2)",
  "select a.k, A as r from public.a a where A not in (select b.v from public.b b where b.k > 2)",
  "select a.k, A as r from public.a a where exists (select 1 from public.b b where b.v = A)",
  "select a.k, A as r from public.a a where not exists (select 1 from public.b b where b.v = A and b.k > 3)",
  "select a.k, A as r from public.a a where exists (select 1 from public.b b where b.v <> A and b.k > a.k)",
  "select a.k, exists (select 1 from public.b b where b.v <> A and b.k = a.k) as r from public.a a",
  "select a.k, (select max(b.v) from public.b b where b.k < a.k) as r from public.a a",
  "select a.k, (select max(b.v) from public.b b) as r from public.a a",
  "select 0 as k, max(A) as r from public.a a having count(A) > 2",
  "select a.k, w.c as r from public.a a join (select b.v, count(*) as c from public.b b group by b.v) w on w.v = A",
  "with w as (select b.v as v, b.k as k from public.b b where b.v is not null) select w.k, w.v as r from w",
];
