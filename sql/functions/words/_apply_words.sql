-- _apply_words: rename stored events if the words for nothing changed since the tenant's rows were
-- named.
--
-- Definition  _touch_everything then derives everything and stores the words. First learns the ids
--             of events stored before names were kept, on days that this load does not replace. Odd
--             rows are recorded again, because their items may now be unnamed.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql, before _touch_everything
create or replace function _apply_words(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_words text[];
begin
    select d.nothing_words into v_words from derivation as d where d.tenant_id = p_tenant_id;
    if v_words = _nothing_words(p_tenant_id) then
        return;
    end if;
    if v_words is null and not exists (
        select from day_load as d
        where
            d.tenant_id = p_tenant_id
            and not exists (
                select from replaced as r
                where r.event_type = d.event_type and r.event_date = d.event_date
            )
    ) then
        return;
    end if;
    if v_words is null then
        perform _learn_ids(p_tenant_id);
    end if;
    perform _rename_ids(p_tenant_id);
    perform _rekey_orders(p_tenant_id, true);
    update day_load as d
    set odd_rows_version = null
    where d.tenant_id = p_tenant_id and d.odd_rows_version is not null;
end;
$$;
