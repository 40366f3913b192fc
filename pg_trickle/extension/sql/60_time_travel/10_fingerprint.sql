-- 128 bits in all: the number of rows, and the sum of 64-bit hashes modulo 2^64.
create function pgtrickle_internal.fingerprint(p_row_count bigint, p_hash_sum numeric) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  modulus constant numeric := 18446744073709551616;
  residue numeric := mod(mod(coalesce(p_hash_sum, 0), modulus) + modulus, modulus);
begin
  return p_row_count || '-' || lpad(to_hex((case when residue >= modulus / 2 then residue - modulus else residue end)::bigint), 16, '0');
end
$$;
comment on function pgtrickle_internal.fingerprint(bigint, numeric) is
  'Fingerprint of a multiset of rows, independent of their order.';
