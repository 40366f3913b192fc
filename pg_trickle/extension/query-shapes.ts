/**
 * Over 300 lines: a table. Queries as teams write them over four lake tables, with how changes keep each: docs/queries.md is made from it,
 * and query-shapes.pg.test.ts runs it.
 */

/** `state`: by hidden state of its groups; `rows`, `keyed`, `recompute`: see ADR 16; a code: refused. */
export type Kept = "state" | "rows" | "keyed" | "recompute" | `LQ${string}` | "VOLATILE" | "USER_OBJECT" | "TR016";

export interface Section {
  readonly title: string;
  readonly says: string;
  readonly shapes: readonly (readonly [query: string, kept: Kept])[];
}

export const LAKE_TABLES: Readonly<
  Record<string, readonly (readonly [column: string, lake: string, local: string])[]>
> = {
  events: [
    ["event_id", "bigint", "bigint"],
    ["user_id", "bigint", "bigint"],
    ["event_type", "varchar", "text"],
    ["amount", "decimal(12,2)", "numeric(12,2)"],
    ["quantity", "integer", "integer"],
    ["score", "double", "double precision"],
    ["is_test", "boolean", "boolean"],
    ["day", "date", "date"],
    ["occurred_at", "timestamptz", "timestamptz"],
    ["noted_at", "timestamp", "timestamp"],
    ["payload", "json", "json"],
    ["tags", "varchar[]", "text[]"],
    ["ref", "uuid", "uuid"],
  ],
  users: [
    ["user_id", "bigint", "bigint"],
    ["name", "varchar", "text"],
    ["country", "varchar", "text"],
    ["signed_up", "date", "date"],
    ["credit", "decimal(10,2)", "numeric(10,2)"],
  ],
  products: [
    ["product_id", "integer", "integer"],
    ["title", "varchar", "text"],
    ["price", "decimal(8,2)", "numeric(8,2)"],
    ["category", "varchar", "text"],
  ],
  orders: [
    ["order_id", "bigint", "bigint"],
    ["user_id", "bigint", "bigint"],
    ["product_id", "integer", "integer"],
    ["quantity", "integer", "integer"],
    ["ordered_at", "timestamptz", "timestamptz"],
    ["status", "varchar", "text"],
  ],
};

export const SECTIONS: readonly Section[] = [
  {
    title: "Filters and projections",
    says: "Each row of the table has its own rows of the result. A refresh costs what changed.",
    shapes: [
      ["select event_id, amount from lake.events where amount > 10", "rows"],
      ["select event_id, lower(event_type) as kind, upper(event_type) as loud from lake.events", "rows"],
      ["select event_id from lake.events where event_type ilike '%CL%' or event_type ~ '^p.*e$'", "rows"],
      ["select event_id, regexp_replace(event_type, '[aeiou]', '*', 'g') as masked from lake.events", "rows"],
      ["select event_id, payload ->> 'page' as page, (payload ->> 'n')::integer as n from lake.events", "rows"],
      [
        "select event_id, payload::jsonb @> '{\"page\": \"home\"}' as home, payload::jsonb - 'n' as rest from lake.events",
        "rows",
      ],
      [
        "select event_id, payload::jsonb #>> '{deep,a}' as a, jsonb_typeof(payload::jsonb -> 'n') as kind from lake.events",
        "rows",
      ],
      ["select event_id, payload from lake.events where payload is not null", "rows"],
      [
        "select event_id, to_char(occurred_at, 'YYYY-MM-DD HH24:MI') as at, date_bin('15 minutes', noted_at, '2000-01-01') as slot from lake.events",
        "rows",
      ],
      [
        "select event_id, extract(epoch from occurred_at) as epoch, extract(isodow from day) as weekday from lake.events",
        "rows",
      ],
      [
        "select event_id, occurred_at at time zone 'Europe/Berlin' as local, date_trunc('month', occurred_at) as month from lake.events",
        "rows",
      ],
      [
        "select event_id, noted_at - timestamp '2026-01-01' as since, age(noted_at, timestamp '2020-02-29') as age from lake.events",
        "rows",
      ],
      [
        "select event_id, occurred_at + interval '1 month' as a, occurred_at + interval '30 days' as b from lake.events",
        "rows",
      ],
      [
        "select event_id, case when amount > 100 then 'large' when amount is null then 'none' else 'small' end as size from lake.events",
        "rows",
      ],
      [
        "select event_id, coalesce(amount, 0) as amount, greatest(amount, 1.5) as least_one, nullif(quantity, 0) as quantity from lake.events",
        "rows",
      ],
      [
        "select event_id, amount / nullif(quantity, 0) as unit, amount * 1.19 as gross, round(amount / 3, 4) as third from lake.events",
        "rows",
      ],
      [
        "select event_id, score * 2 as doubled, sqrt(abs(score)) as root, round(score::numeric, 1) as rounded from lake.events",
        "rows",
      ],
      [
        "select event_id, left(event_type, 2) || '-' || right(event_type, 1) as code, length(event_type) as n, reverse(event_type) as back from lake.events",
        "rows",
      ],
      [
        "select event_id, split_part(event_type, 'i', 1) as first, lpad(event_type, 10, '.') as padded, initcap(event_type) as title from lake.events",
        "rows",
      ],
      [
        "select event_id, concat_ws('/', event_type, day, quantity) as path, format('%s:%s', event_type, amount) as pair from lake.events",
        "rows",
      ],
      [
        "select event_id, ref::text as ref, md5(event_type) as digest, encode(convert_to(event_type, 'UTF8'), 'hex') as hex from lake.events",
        "rows",
      ],
      [
        "select event_id, event_type in ('click', 'view') as known, day between '2026-01-01' and '2026-01-31' as january from lake.events",
        "rows",
      ],
      ["select event_id, is_test is distinct from true as live, not is_test as inverted from lake.events", "rows"],
      ["select event_id, event_type collate \"C\" < 'd' as early from lake.events", "rows"],
      [
        "select event_id, width_bucket(amount, 0, 100, 5) as bucket, mod(quantity, 3) as rest, quantity << 1 as shifted from lake.events",
        "rows",
      ],
      [
        "select event_id, make_date(2026, 1, 1) + quantity as due, day + 7 as week, day - date '2026-01-01' as days from lake.events",
        "rows",
      ],
      ["select event_id, json_value(payload::jsonb, '$.page') as page from lake.events", "rows"],
      ["select * from lake.users", "rows"],
      [
        "select u.* from (select user_id, upper(country) as country from lake.users where credit > 0) u where u.country <> 'FR'",
        "rows",
      ],
      [
        "with paid as (select order_id, status from lake.orders where status = 'paid') select order_id from paid",
        "rows",
      ],
      ["select event_id, (select max(v) from (values (quantity), (3)) as t (v)) as top from lake.events", "rows"],
      ["select o.order_id, g.n from lake.orders o cross join lateral generate_series(1, o.quantity) as g (n)", "rows"],
      [
        "select o.order_id, s.label from lake.orders o join (values ('paid', 'Paid'), ('open', 'Open')) as s (status, label) on s.status = o.status",
        "rows",
      ],
      [
        "select p.product_id, x.part from lake.products p left join lateral regexp_split_to_table(p.title, ' ') as x (part) on true",
        "rows",
      ],
    ],
  },
  {
    title: "Sums, counts and averages by group",
    says: "The engine keeps counts and exact sums for each group, PostgreSQL computes what is made of them. A refresh costs what changed. Keys and arguments are what the engine is known to compute as PostgreSQL does.",
    shapes: [
      ["select event_type, count(*) as n, sum(amount) as total from lake.events group by event_type", "state"],
      ["select event_type, round(avg(amount), 2) as mean from lake.events group by event_type", "state"],
      [
        "select event_type, sum(amount) / nullif(sum(quantity), 0) as unit from lake.events group by event_type",
        "state",
      ],
      ["select event_type, count(*) as n from lake.events group by event_type having count(*) > 2", "state"],
      [
        "select event_type, count(*) filter (where amount > 10) as large, sum(quantity) filter (where is_test) as tests from lake.events group by event_type",
        "state",
      ],
      [
        "select event_type, 100.0 * count(*) filter (where is_test) / count(*) as share from lake.events group by event_type",
        "state",
      ],
      ["select sum(amount) as total from lake.events group by event_type, day", "state"],
      ["select event_type || '!' as loud, count(*) as n from lake.events group by event_type", "state"],
      [
        "select event_type, coalesce(sum(amount), 0) as total, case when count(*) > 3 then 'many' else 'few' end as size from lake.events group by event_type",
        "state",
      ],
      [
        "select day, count(amount) as known, count(*) - count(amount) as unknown from lake.events where quantity > 0 group by day",
        "state",
      ],
      ["select count(*) as n, sum(amount) as total, round(avg(quantity), 3) as mean from lake.events", "state"],
      [
        "select user_id, sum(amount)::bigint as whole, to_char(sum(amount), 'FM999990.00') as text from lake.events group by user_id",
        "state",
      ],
      ["select status, sum(quantity) as items, avg(quantity) as mean from lake.orders group by status", "state"],
      [
        "select country, count(*) as users, sum(credit) as credit from lake.users group by country having sum(credit) > 10 or country is null",
        "state",
      ],
      ["select category, sum(price) as total, sum(price * 2) as twice from lake.products group by category", "state"],
    ],
  },
  {
    title: "The same over anything that is kept row by row or part by part",
    says: "Where the engine may not run the query whole: PostgreSQL computes keys and arguments, from the rows that changes bring and take, and keeps counts and sums of them. Arguments of sum and avg are exact columns, and what + - * make of them; keys have one way to be written. A refresh costs what changed; with joins, what has the touched keys.",
    shapes: [
      [
        "select lower(event_type) as kind, count(*) as n, sum(amount) as total from lake.events group by lower(event_type)",
        "state",
      ],
      [
        "select event_type, sum(amount) filter (where event_type ~ 'c') as matched from lake.events group by event_type",
        "state",
      ],
      [
        "select to_char(noted_at, 'YYYY-MM') as month, count(*) as n from lake.events group by to_char(noted_at, 'YYYY-MM')",
        "state",
      ],
      [
        "select u.country, count(*) filter (where e.event_type ~ 'c') as clicks, round(avg(e.amount), 2) as mean from lake.users u left join lake.events e on e.user_id = u.user_id group by u.country having count(*) > 1",
        "state",
      ],
      [
        "select q.kind, count(*) as n from (select upper(event_type) as kind from lake.events where event_type ~ 'i') q group by q.kind",
        "state",
      ],
      [
        "select w.word, count(*) as n from lake.products p cross join lateral regexp_split_to_table(p.title, ' ') as w (word) group by w.word",
        "state",
      ],
    ],
  },
  {
    title: "Other aggregates, by plain columns",
    says: "Any aggregate: the groups that changes touch are computed again, from their rows at the newer snapshot and from these without the changes. At least one GROUP BY expression is a plain column. A refresh costs what the touched groups hold.",
    shapes: [
      ["select event_type, min(amount) as low, max(occurred_at) as last from lake.events group by event_type", "keyed"],
      ["select event_type, count(distinct user_id) as users from lake.events group by event_type", "keyed"],
      [
        "select user_id, string_agg(event_type, ',' order by event_type) as kinds from lake.events group by user_id",
        "keyed",
      ],
      ["select user_id, array_agg(event_id order by event_id) as ids from lake.events group by user_id", "keyed"],
      [
        "select user_id, jsonb_agg(payload::jsonb order by payload::jsonb) as payloads from lake.events group by user_id",
        "keyed",
      ],
      [
        "select event_type, percentile_cont(0.5) within group (order by amount) as median from lake.events group by event_type",
        "keyed",
      ],
      [
        "select event_type, percentile_disc(array[0.1, 0.9]) within group (order by quantity) as spread from lake.events group by event_type",
        "keyed",
      ],
      ["select day, mode() within group (order by event_type) as favourite from lake.events group by day", "keyed"],
      [
        "select event_type, stddev(amount) as deviation, variance(quantity) as variance from lake.events group by event_type",
        "keyed",
      ],
      [
        "select event_type, bool_and(is_test) as all_tests, bool_or(amount > 50) as any_large from lake.events group by event_type",
        "keyed",
      ],
      [
        "select event_type, lower(event_type) as l, date_trunc('week', occurred_at) as week, max(amount) as top from lake.events group by event_type, date_trunc('week', occurred_at)",
        "keyed",
      ],
      [
        "select user_id, max(amount) - min(amount) as spread from lake.events group by user_id having count(distinct event_type) > 1",
        "keyed",
      ],
      ["select event_type, max(score) as best, min(ref::text) as ref from lake.events group by event_type", "keyed"],
      ["select country, array_agg(distinct name) as names from lake.users group by country", "keyed"],
      [
        "select status, bit_or(quantity) as bits, max(ordered_at) - min(ordered_at) as span from lake.orders group by status",
        "keyed",
      ],
      [
        "select q.event_type, max(q.total) as best_day from (select event_type, day, sum(amount) as total from lake.events group by event_type, day) q group by q.event_type",
        "keyed",
      ],
      [
        "select event_type, sum(case when is_test then amount else 0 end) as tests from lake.events group by event_type",
        "keyed",
      ],
    ],
  },
  {
    title: "DISTINCT, windows and the first rows of each group",
    says: "As above, by the plain columns that all partitions share, or that DISTINCT selects. LIMIT within a group is row_number() or rank() with a filter around it.",
    shapes: [
      ["select distinct event_type, is_test from lake.events", "keyed"],
      ["select distinct country, left(name, 1) as initial from lake.users", "keyed"],
      [
        "select distinct on (user_id) user_id, amount, event_id from lake.events order by user_id, amount desc, event_id",
        "keyed",
      ],
      [
        "select event_id, rank() over (partition by event_type order by amount desc) as place from lake.events",
        "keyed",
      ],
      [
        "select event_id, user_id, sum(amount) over (partition by user_id order by event_id) as running from lake.events",
        "keyed",
      ],
      [
        "select event_id, user_id, lag(amount) over (partition by user_id order by event_id, amount) as before from lake.events",
        "keyed",
      ],
      ["select event_id, amount - avg(amount) over (partition by event_type) as above from lake.events", "keyed"],
      [
        "select event_id, count(*) over w as n, max(quantity) over w as top from lake.events window w as (partition by user_id, day)",
        "keyed",
      ],
      [
        "select q.event_id, q.event_type from (select event_id, event_type, row_number() over (partition by event_type order by amount desc, event_id) as place from lake.events) q where q.place <= 2",
        "keyed",
      ],
      [
        "select event_id, first_value(quantity) over (partition by day order by event_id, quantity) as first from lake.events",
        "keyed",
      ],
      [
        "select event_id, dense_rank() over (partition by user_id order by day) as day_number, cume_dist() over (partition by user_id order by amount) as share from lake.events",
        "keyed",
      ],
      ["select order_id, ntile(2) over (partition by status order by order_id) as half from lake.orders", "keyed"],
    ],
  },
  {
    title: "Joins by equal keys",
    says: "Up to as many tables as there are, joined in any way by one plain column of each: the parts of all tables that have a touched key are computed again. Grouping, DISTINCT and windows over the join by that column too.",
    shapes: [
      ["select e.event_id, u.name from lake.events e join lake.users u on u.user_id = e.user_id", "keyed"],
      [
        "select e.event_id, u.name from lake.events e left join lake.users u on u.user_id = e.user_id and u.country = 'DE'",
        "keyed",
      ],
      [
        "select u.user_id, u.name, o.order_id from lake.users u left join lake.orders o using (user_id) where u.name ~ 'A'",
        "keyed",
      ],
      [
        "select e.event_id, o.order_id, o.status from lake.events e full join lake.orders o on o.user_id = e.user_id",
        "keyed",
      ],
      [
        "select o.order_id, p.title, p.price * o.quantity as total from lake.orders o right join lake.products p on p.product_id = o.product_id",
        "keyed",
      ],
      [
        "select u.user_id, count(e.event_id) as events, max(e.amount) as top from lake.users u left join lake.events e on e.user_id = u.user_id group by u.user_id",
        "keyed",
      ],
      [
        "select e.event_id, u.name, o.status from lake.events e, lake.users u, lake.orders o where u.user_id = e.user_id and o.user_id = u.user_id",
        "keyed",
      ],
      [
        "select a.event_id, b.event_id as next from lake.events a join lake.events b on b.user_id = a.user_id and b.event_id = a.event_id + 1",
        "keyed",
      ],
      [
        "select u.name, e.event_id, rank() over (partition by u.user_id order by e.amount) as place from lake.users u join lake.events e on e.user_id = u.user_id",
        "keyed",
      ],
      [
        "select distinct u.user_id, e.event_type from lake.users u join lake.events e on e.user_id = u.user_id",
        "keyed",
      ],
      [
        "with spent as (select u.user_id, u.name, e.amount from lake.users u join lake.events e on e.user_id = u.user_id) select user_id, string_agg(name, ',' order by name) as names, sum(amount) as total from spent group by user_id",
        "keyed",
      ],
    ],
  },
  {
    title: "Recomputed at each refresh",
    says: "Mode `AUTO` says so when the table is created, `DIFFERENTIAL` refuses it. If the engine may run the whole query, that is quicker than keeping it by changes, and takes some tens of milliseconds for a million rows, sums over joins too. If not, the engine sends the used columns of every row to PostgreSQL: some seconds for each million.",
    shapes: [
      [
        "select u.country, count(*) as n, sum(e.amount) as total from lake.events e join lake.users u using (user_id) group by u.country",
        "recompute",
      ],
      [
        "select p.category, sum(o.quantity * p.price) as revenue from lake.orders o join lake.products p on p.product_id = o.product_id group by p.category",
        "recompute",
      ],
      [
        "select count(*) as n, sum(e.amount) as total from lake.events e join lake.users u on u.user_id = e.user_id where u.country is not null",
        "recompute",
      ],
      [
        "select count(*) as n from lake.events a join lake.events b on b.user_id = a.user_id and b.event_id > a.event_id",
        "recompute",
      ],
      [
        "select o.status, count(e.event_id) as events from lake.orders o full join lake.events e on e.user_id = o.user_id group by o.status",
        "recompute",
      ],
      [
        "select u.name, o.order_id, p.title from lake.users u left join lake.orders o on o.user_id = u.user_id left join lake.products p on p.product_id = o.product_id",
        "recompute",
      ],
      [
        "select u.name from lake.users u where exists (select from lake.orders o where o.user_id = u.user_id and o.status <> 'open')",
        "recompute",
      ],
      [
        "select u.name from lake.users u where u.user_id not in (select o.user_id from lake.orders o where o.user_id is not null)",
        "recompute",
      ],
      [
        "select u.name, l.last from lake.users u cross join lateral (select max(o.ordered_at) as last from lake.orders o where o.user_id = u.user_id) l",
        "recompute",
      ],
      ["select event_type, day, sum(amount) as total from lake.events group by rollup (event_type, day)", "recompute"],
      ["select event_type, is_test, count(*) as n from lake.events group by cube (event_type, is_test)", "recompute"],
      [
        "select event_type, day, count(*) as n from lake.events group by grouping sets ((event_type), (day), ())",
        "recompute",
      ],
      ["select user_id from lake.events union select user_id from lake.orders", "recompute"],
      [
        "select user_id, 'event' as what from lake.events union all select user_id, 'order' from lake.orders",
        "recompute",
      ],
      ["select user_id from lake.users except select user_id from lake.orders", "recompute"],
      ["select user_id from lake.users intersect all select user_id from lake.orders", "recompute"],
      ["select event_id, amount from lake.events order by amount desc nulls last, event_id limit 3", "recompute"],
      [
        "select event_id, amount from lake.events order by amount desc nulls last fetch first 2 rows with ties",
        "recompute",
      ],
      [
        "select event_type, count(*) as n from lake.events group by event_type order by count(*) desc, event_type limit 2",
        "recompute",
      ],
      [
        "select event_id, rank() over (order by amount) as place, sum(amount) over () as total from lake.events",
        "recompute",
      ],
      ["select min(amount) as low, max(event_type) as last, count(distinct day) as days from lake.events", "recompute"],
      ["select lower(event_type) as kind, min(amount) as low from lake.events group by lower(event_type)", "recompute"],
      [
        "select json_value(payload::jsonb, '$.page') as page, count(*) as n from lake.events group by json_value(payload::jsonb, '$.page')",
        "recompute",
      ],
      [
        "select event_type, sum(score) as total, avg(score) as mean, stddev(score) as deviation from lake.events group by event_type",
        "recompute",
      ],
      [
        "select t.tag, count(*) as n from lake.events e cross join lateral unnest(e.tags) as t (tag) group by t.tag",
        "recompute",
      ],
      ["select event_id, tags, array_length(tags, 1) as n, tags[1] as first from lake.events", "recompute"],
      [
        "with recursive chain as (select user_id, user_id + 1 as next from lake.users union select next, next + 1 from chain where next < 4) select * from chain",
        "recompute",
      ],
      [
        "with totals as (select user_id, sum(amount) as total from lake.events group by user_id) select t.user_id, t.total, t.total / nullif((select sum(total) from totals), 0) as share from totals t",
        "recompute",
      ],
      ["select (select count(*) from lake.events) as events, (select count(*) from lake.users) as users", "recompute"],
      [
        "select round(corr(amount, quantity)::numeric, 6) as c, regr_count(amount, quantity) as n from lake.events",
        "recompute",
      ],
      [
        "select o.status, count(distinct e.event_type) as kinds from lake.orders o full join lake.events e on e.user_id = o.user_id group by o.status",
        "recompute",
      ],
      ["select array(select u.user_id from lake.users u order by u.user_id) as ids", "recompute"],
      [
        "select case when grouping(country) = 1 then 'all' else country end as country, count(*) as n from lake.users group by rollup (country)",
        "recompute",
      ],
    ],
  },
  {
    title: "Refused",
    says: "What has no answer at a snapshot: what is chance (`LQ…`), what depends on the time or the session (`VOLATILE`), and what has no past (`TR016`: local tables).",
    shapes: [
      ["select event_id, amount from lake.events limit 3", "LQ001"],
      ["select event_id, amount from lake.events order by amount limit 3", "LQ001"],
      ["select distinct on (user_id) user_id, amount from lake.events order by user_id", "LQ002"],
      ["select event_id, row_number() over (order by day) as n from lake.events", "LQ003"],
      ["select event_id, sum(amount) over (order by day rows 2 preceding) as s from lake.events", "LQ003"],
      ["select user_id, string_agg(event_type, ',') as kinds from lake.events group by user_id", "LQ004"],
      ["select user_id, json_agg(amount order by day) as amounts from lake.events group by user_id", "LQ004"],
      ["select array(select event_id from lake.events) as ids", "LQ005"],
      ["select event_id, now() - occurred_at as age from lake.events", "VOLATILE"],
      ["select event_id from lake.events where day > current_date - 7", "VOLATILE"],
      ["select event_id, random() as r from lake.events", "VOLATILE"],
      ["select event_id, current_user as who from lake.events", "VOLATILE"],
      ["select age(occurred_at) as a from lake.events", "VOLATILE"],
      ["select oid::bigint as n from pg_class", "TR016"],
    ],
  },
];

const KEYS = ["event_type", "user_id", "day", "is_test", "quantity", "event_type, is_test", "user_id, day"];
const STATES = [
  "sum(amount) + count(*)",
  "avg(quantity)",
  "sum(quantity * 2)",
  "sum(case when is_test then amount end)",
  "count(day)",
];
const PARTS = [
  "min(noted_at)",
  "max(amount)",
  "count(distinct event_type)",
  "max(ref::text)",
  "sum(distinct quantity)",
  "array_agg(amount order by amount)",
  "var_pop(amount)",
  "min(lower(event_type))",
];

/** Each key with each aggregate: what the sections do not show one by one. */
export const COMBINED: readonly (readonly [query: string, kept: Kept])[] = KEYS.flatMap((key) => [
  ...STATES.map((value) => [`select ${key}, ${value} as v from lake.events group by ${key}`, "state"] as const),
  ...STATES.map(
    (value) => [`select ${value} as v from lake.events group by ${key} having count(*) > 1`, "state"] as const,
  ),
  ...PARTS.map((value) => [`select ${key}, ${value} as v from lake.events group by ${key}`, "keyed"] as const),
  [`select distinct ${key} from lake.events`, "keyed"] as const,
  [`select event_id, max(amount) over (partition by ${key}) as v from lake.events`, "keyed"] as const,
]);

export const SHAPES = [...SECTIONS.flatMap(({ shapes }) => shapes), ...COMBINED];
