-- The comparison of a scrub: what the table has against what its query gives at the head of the lake, by code that a delta does
-- not share. Reads only, and takes no lock but ACCESS SHARE.
--
-- Compared is all that the next delta starts from: the public rows, bit for bit, and the hidden state, by value (a state that came
-- by additions may be written with other digits than one that was counted anew, 3.0 for 3, and mean the same). The engine is asked
-- once for both: the public rows of the target are the projection of its state.
create function pgtrickle_internal.compare_at_head(
  p_id bigint, p_head bigint,
  out row_count bigint, out expected_row_count bigint, out fingerprint text, out expected_fingerprint text,
  out missing_count bigint, out unexpected_count bigint, out missing jsonb, out unexpected jsonb, out hidden_count bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
-- As for every fingerprint: the text of a value must not depend on the session.
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, YMD'
set "IntervalStyle" = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
set jit = off
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
begin
  perform pgtrickle_internal.lock_contents(p_id);
  if layout ->> 'shape' = 'state' then
    execute format($sql$
      with %1$s,
      differing as (select 1 from changes c group by %2$s having sum(c.weight) <> 0),
      compared as (%3$s)
      select c.*, (select count(*) from differing) from compared c$sql$,
      pgtrickle_internal.recompute_changes(layout), pgtrickle_internal.column_list(layout -> 'base_columns', 'c'),
      pgtrickle_internal.compare_rows_sql(
        pgtrickle_internal.public_rows_sql(layout, 'target'), pgtrickle_internal.contents_rows_sql(p_id)))
      into row_count, expected_row_count, fingerprint, expected_fingerprint,
        missing_count, unexpected_count, missing, unexpected, hidden_count
      using pgtrickle_internal.plan_text(p_id), null::bigint, p_head;
  else
    select c.*, 0 into row_count, expected_row_count, fingerprint, expected_fingerprint,
        missing_count, unexpected_count, missing, unexpected, hidden_count
      from pgtrickle_internal.compare_with_target(p_id, p_head) c;
  end if;
end
$$;
comment on function pgtrickle_internal.compare_at_head(bigint, bigint) is
  'The rows and the hidden state of a stream table against its query, recomputed by the lake engine at a snapshot; hidden_count: rows of the state that are there and should not be, or the other way round.';

-- The engine's word is one source; where the sources are few rows, PostgreSQL's own executor is a second, which shares nothing with
-- the first. What the two do not agree on cannot be healed by either: it is told, and nothing of this scrub stays.
create function pgtrickle_internal.check_by_source_rows(p_st pgtrickle_internal.stream_tables, p_head bigint) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  compared record;
begin
  if (pgtrickle_internal.source_size(p_st.id, p_head)).rows > pgtrickle_internal.setting('scrub_rows_limit') then
    return false;
  end if;
  begin
    compared := pgtrickle_internal.compare_with_source_rows(p_st.id, p_head);
  exception when sqlstate 'TR018' then
    -- More rows than the catalog had counted, or two sources of one name: level rows cannot do that.
    return false;
  end;
  if compared.fingerprint is distinct from compared.expected_fingerprint then
    -- Rows that another refresh has published meanwhile are those of another snapshot.
    perform pgtrickle_internal.check_not_superseded(p_st.id, p_st.generation);
    raise exception 'PostgreSQL and the lake engine do not agree on stream table % at snapshot %: % rows by the engine, % by PostgreSQL',
        pgtrickle_internal.qualified_name(p_st.id), p_head, compared.row_count, compared.expected_row_count
      using errcode = 'TR010',
        detail = format('missing %s, unexpected %s', compared.missing, compared.unexpected),
        hint = format('Nothing was changed. Look at both: select * from pgtrickle.verify(%L, ''rows'');', pgtrickle_internal.qualified_name(p_st.id));
  end if;
  return true;
end
$$;
comment on function pgtrickle_internal.check_by_source_rows(pgtrickle_internal.stream_tables, bigint) is
  'The rows of a stream table against its query, run by PostgreSQL over its sources'' rows, if they are at most scrub_rows_limit; TR010 if they differ, false if it was not done.';
