/**
 * What the extension has in a database, as lines that are the same wherever it is the same: definitions, owners, grants, comments,
 * and what belongs to what. Oids in names are left out.
 */
import type { Sql } from "../../../test/support/summary-table.ts";

const IDS = /\b(changes|ducklake_inlined_delete|ducklake_inlined_data)(?:_\d+)+/g;
const OURS = "nspname ~ '^(pgtrickle|ducklake$)'";
const grants = (column: string, kind: string, owner: string) =>
  `(select string_agg(a::text, ' ' order by a::text) from unnest(coalesce(${column}, acldefault('${kind}', ${owner}))) a)`;

const PARTS: Readonly<Record<string, string>> = {
  schema: `select nspname, nspowner::regrole, ${grants("nspacl", "n", "nspowner")}, obj_description(oid, 'pg_namespace')
    from pg_namespace where ${OURS}`,
  function: `select p.oid::regprocedure, pg_get_functiondef(p.oid), proowner::regrole, ${grants("proacl", "f", "proowner")},
      obj_description(p.oid, 'pg_proc')
    from pg_proc p join pg_namespace n on n.oid = pronamespace where ${OURS}`,
  relation: `select c.oid::regclass, relkind, relowner::regrole, reloptions, reltuples > 0 and relkind = 'f',
      ${grants("relacl", "r", "relowner")}, obj_description(c.oid, 'pg_class'), case relkind when 'v' then pg_get_viewdef(c.oid) end,
      (select t.typowner::regrole || coalesce(obj_description(t.oid, 'pg_type'), '') from pg_type t where t.oid = c.reltype)
    from pg_class c join pg_namespace n on n.oid = relnamespace where ${OURS} and relkind in ('r', 'v', 'f', 'S', 'c')
      and relname !~ '^ducklake'`,
  column: `select a.attrelid::regclass, row_number() over (partition by attrelid order by attnum), a.attname,
      format_type(atttypid, atttypmod), attnotnull, attcollation::regcollation, attidentity, attgenerated, attfdwoptions, attoptions,
      attacl, pg_get_expr(d.adbin, d.adrelid), col_description(attrelid, attnum), s.n_distinct
    from pg_attribute a join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
    left join pg_attrdef d on (d.adrelid, d.adnum) = (attrelid, attnum)
    left join pg_stats s on relkind = 'f' and (s.schemaname, s.tablename, s.attname) = (n.nspname, c.relname, a.attname)
    where ${OURS} and attnum > 0 and not attisdropped and relkind in ('r', 'v', 'f', 'c') and relname !~ '^ducklake'`,
  constraint: `select conrelid::regclass, conname, pg_get_constraintdef(c.oid), obj_description(c.oid, 'pg_constraint')
    from pg_constraint c join pg_namespace n on n.oid = connamespace where ${OURS}`,
  index: `select indexdef from pg_indexes join pg_namespace on nspname = schemaname where ${OURS}`,
  trigger: `select pg_get_triggerdef(t.oid), tgenabled
    from pg_trigger t join pg_class c on c.oid = tgrelid join pg_namespace n on n.oid = relnamespace where not tgisinternal
      and (${OURS} or tgname ~ '^pgtrickle')`,
  "event trigger": `select evtname, evtevent, evtowner::regrole, evtfoid::regprocedure, evtenabled, evttags,
      obj_description(oid, 'pg_event_trigger') from pg_event_trigger`,
  extension: `select extversion, extowner::regrole, array(select c::regclass::text from unnest(extconfig) c order by 1), extcondition
    from pg_extension where extname = 'pg_trickle'`,
  dependence: `select d.deptype, pg_describe_object(d.classid, d.objid, d.objsubid)
    from pg_depend d where refclassid = 'pg_extension'::regclass
      and refobjid = (select oid from pg_extension where extname = 'pg_trickle')`,
  "initial privileges": `select pg_describe_object(classoid, objoid, objsubid), privtype, array(select i::text from unnest(initprivs) i order by 1)
    from pg_init_privs where pg_describe_object(classoid, objoid, objsubid) ~ 'pgtrickle'`,
};

export async function schemaDump(sql: Sql): Promise<string[]> {
  const lines = new Set<string>();
  for (const [part, query] of Object.entries(PARTS)) {
    const { rows } = await sql.query<{ line: string }>(`select row_to_json(q)::text as line from (${query}) q`);
    for (const { line } of rows) lines.add(`${part} ${line.replaceAll(IDS, "$1_<id>")}`);
  }
  return [...lines].sort();
}
