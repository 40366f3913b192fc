create function pgtrickle_internal.is_same_type(p_local text, p_lake text) returns boolean
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select case
    when p_lake is null then false
    when p_lake like 'decimal(%' then p_local in ('numeric', replace(p_lake, 'decimal', 'numeric'))
    when p_lake = 'varchar' then p_local in ('text', 'character varying')
    when p_lake in ('int8', 'uint8', 'int16') then p_local in ('smallint', 'integer', 'bigint', 'numeric')
    when p_lake in ('uint16', 'int32') then p_local in ('integer', 'bigint', 'numeric')
    when p_lake in ('uint32', 'int64') then p_local in ('bigint', 'numeric')
    when p_lake in ('uint64', 'int128', 'uint128') then p_local = 'numeric'
    when p_lake = 'float32' then p_local = 'real'
    when p_lake = 'float64' then p_local = 'double precision'
    when p_lake = 'boolean' then p_local = 'boolean'
    when p_lake in ('uuid', 'date', 'json') then p_local = p_lake
    when p_lake = 'blob' then p_local = 'bytea'
    when p_lake = 'time' then p_local = 'time without time zone'
    when p_lake like 'timestamp%' then p_local = case p_lake when 'timestamptz' then 'timestamp with time zone'
      else 'timestamp without time zone' end
    -- a type that is not known here: the engine's gate decides
    else true
  end;
end;
comment on function pgtrickle_internal.is_same_type(text, text) is 'Whether a type of PostgreSQL holds the values of a type of the lake, all and unchanged.';
