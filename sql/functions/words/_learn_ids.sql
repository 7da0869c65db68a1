-- _learn_ids: the ids of events stored before their names were kept, into id_name.
--
-- Definition  Reads the tenant's whole history, once ever.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/words/_apply_words.sql
create or replace function _learn_ids(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_table text;
begin
    truncate id_found;
    for v_table in select t.event_table from _event_tables() as t (event_table) loop
        perform _find_ids(p_tenant_id, v_table);
    end loop;
    insert into id_name as i (tenant_id, kind, raw_id, named_id, first_date, last_date)
    select p_tenant_id, f.kind, f.raw_id, f.raw_id, f.first_date, f.last_date
    from id_found as f
    on conflict on constraint id_name_pkey do update set
        first_date = least(i.first_date, excluded.first_date),
        last_date = greatest(i.last_date, excluded.last_date);
end;
$$;
