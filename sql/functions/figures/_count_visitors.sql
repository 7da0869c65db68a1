-- _count_visitors: distinct visitors of a range, for all branches, one, or several together.
--
-- Definition  Contacts, else devices, over sessions in the range with at least one page view.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/get_dashboard_overview_stats.sql
create or replace function _count_visitors(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[]
)
returns bigint
language plpgsql
stable
as $$
declare
    v_scope text := _branch_scope(p_location_ids);
begin
    if cardinality(p_location_ids) > 1 then
        return (
            select count(distinct s.visitor_id)
            from session as s
            where
                s.tenant_id = p_tenant_id
                and s.session_date between p_start_date and p_end_date
                and s.branch_id = any(p_location_ids) and s.page_views > 0
        );
    end if;
    return (
        select coalesce(sum(g.visitors), 0)
        from visitor_gap as g
        where
            g.tenant_id = p_tenant_id and g.scope = v_scope
            and g.session_date between p_start_date and p_end_date
            and g.previous_date < p_start_date
    );
end;
$$;
