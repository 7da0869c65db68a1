-- _name_staged: what the ids of the staged rows refer to, into id_found, and into id_name for
-- later.
--
-- Definition  A device that is a built-in word for nothing becomes null. Most devices are too long
--             to be one, so the cheap length test comes first.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/load/_replace_events.sql
create or replace function _name_staged(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_type text;
    v_days date[];
begin
    truncate id_found;
    for v_type, v_days in
        select r.event_type, array_agg(distinct r.event_date) from replaced as r group by 1
    loop
        execute format(
            'update %I as s set user_pseudo_id = null
            where
                (char_length(s.user_pseudo_id) < 20 or left(s.user_pseudo_id, 1) in (''{'', ''%%'', ''$''))
                and _is_nothing(s.user_pseudo_id, $1)',
            'stage_' || v_type
        ) using _nothing_words(null);
        perform _find_ids(p_tenant_id, 'stage_' || v_type, v_days);
    end loop;
    perform _name_ids(p_tenant_id);
    insert into id_name as i (tenant_id, kind, raw_id, named_id, first_date, last_date)
    select p_tenant_id, f.kind, f.raw_id, f.named_id, f.first_date, f.last_date
    from id_found as f
    on conflict on constraint id_name_pkey do update set
        first_date = least(i.first_date, excluded.first_date),
        last_date = greatest(i.last_date, excluded.last_date)
    where i.first_date > excluded.first_date or i.last_date < excluded.last_date;
    delete from id_found as f where f.named_id is not distinct from f.raw_id;
    analyze id_found;
end;
$$;
