-- _rename_ids: rename ids in stored events according to the current files and words for nothing;
-- touch the sessions, days and orders of changed rows.
--
-- Definition  id_name shows which names change; events are read only then, and only on the days
--             when these ids occur.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/load/_replace_contacts.sql, _replace_branches.sql, _apply_words.sql
create or replace function _rename_ids(p_tenant_id uuid)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_table text;
    v_kind text;
    v_first date;
    v_last date;
begin
    truncate id_found, renamed_event;
    insert into id_found (kind, raw_id, first_date, last_date)
    select i.kind, i.raw_id, i.first_date, i.last_date
    from id_name as i
    where i.tenant_id = p_tenant_id;
    perform _name_ids(p_tenant_id);
    delete from id_found as f
    using id_name as i
    where
        i.tenant_id = p_tenant_id and i.kind = f.kind and i.raw_id = f.raw_id
        and i.named_id is not distinct from f.named_id;
    for v_kind, v_first, v_last in
        select f.kind, min(f.first_date), max(f.last_date) from id_found as f group by f.kind
    loop
        for v_table in select t.event_table from _event_tables() as t (event_table) loop
            perform _rename_events(p_tenant_id, v_table, v_kind, v_first, v_last);
        end loop;
    end loop;
    update id_name as i
    set named_id = f.named_id
    from id_found as f
    where i.tenant_id = p_tenant_id and i.kind = f.kind and i.raw_id = f.raw_id;
    insert into touched_session
    select distinct r.session_key, r.session_id from renamed_event as r
    where r.session_key is not null
    on conflict do nothing;
    perform _touch_sessionless(array(
        select r.event_date from renamed_event as r where r.session_key is null
    ));
    insert into touched_day
    select distinct r.event_date from renamed_event as r
    on conflict do nothing;
    insert into touched_order
    select distinct r.order_key from renamed_event as r where r.order_key is not null
    on conflict do nothing;
    if exists (
        select from renamed_event as r where r.order_key is not null and r.session_key is null
    ) then
        perform _rekey_orders(p_tenant_id, false);
    end if;
    analyze touched_session;
end;
$$;
