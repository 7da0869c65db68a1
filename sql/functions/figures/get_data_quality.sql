-- get_data_quality: the number of odd loaded rows, by kind.
--
-- Definition  docs/glossary.md, "Data quality"; by the row's day and own branch. p_location_ids
--             null means all branches; '' in it is "no branch". Kinds without rows are left out.
-- Units       row_count is rows; p_end_date is inclusive.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/dashboard/quality_queries.py
create or replace function get_data_quality(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[] default null
)
returns table (kind text, row_count bigint)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select o.kind, count(*)
    from odd_row as o
    where
        o.tenant_id = p_tenant_id and o.event_date between p_start_date and p_end_date
        and (p_location_ids is null or o.branch_id = any(p_location_ids))
    group by o.kind
    order by o.kind;
end;
$$;
