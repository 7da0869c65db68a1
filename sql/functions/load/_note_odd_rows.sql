-- _note_odd_rows: record the rows of the replaced days that data quality counts.
--
-- Definition  Also checks days that were never checked, or by an older version of this function, so
--             that a tenant's first load after an update records what was loaded before. Increase
--             v_version whenever odd_row would come out differently.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _note_odd_rows(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_version constant integer := 1;
    v_type text;
    v_days date[];
begin
    for v_type, v_days in
        select d.event_type, array_agg(distinct d.event_date)
        from (
            select r.event_type, r.event_date from replaced as r
            union
            select l.event_type, l.event_date
            from day_load as l
            where l.tenant_id = p_tenant_id and l.odd_rows_version is distinct from v_version
        ) as d
        where d.event_type in (
            'purchase', 'add_to_cart', 'page_view', 'view_item', 'view_search_results',
            'no_search_results'
        )
        group by d.event_type
    loop
        delete from odd_row as o
        where
            o.tenant_id = p_tenant_id and o.event_type = v_type and o.event_date = any(v_days);
        execute _odd_row_query(v_type)
        using p_tenant_id, v_days, _nothing_words(p_tenant_id);
    end loop;
    update day_load as l
    set odd_rows_version = v_version
    where l.tenant_id = p_tenant_id and l.odd_rows_version is distinct from v_version;
end;
$$;
