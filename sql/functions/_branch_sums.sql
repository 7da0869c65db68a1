-- _branch_sums: what is counted per branch over a range, money apart.
--
-- Definition  As get_dashboard_overview_stats, per branch. Branches without any of it are absent.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/get_location_stats_bulk.sql
create or replace function _branch_sums(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_as_of timestamptz
)
returns table (
    branch_id text,
    sessions bigint,
    visitors bigint,
    sessions_with_order bigint,
    abandoned_carts bigint,
    searches bigint,
    failed_searches bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select
        c.branch_id, sum(c.sessions)::bigint, sum(c.visitors)::bigint,
        sum(c.sessions_with_order)::bigint, sum(c.carts)::bigint, sum(c.searches)::bigint,
        sum(c.failed_searches)::bigint
    from (
        select
            b.branch_id, b.sessions, 0 as visitors, b.sessions_with_order, 0 as carts,
            b.searches, b.failed_searches
        from branch_day as b
        where b.tenant_id = p_tenant_id and b.event_date between p_start_date and p_end_date
        union all
        select substr(g.scope, 2), 0, g.visitors, 0, 0, 0, 0
        from visitor_gap as g
        where
            g.tenant_id = p_tenant_id and g.scope <> '*'
            and g.session_date between p_start_date and p_end_date
            and g.previous_date < p_start_date
        union all
        select h.branch_id, 0, 0, 0, 1, 0, 0
        from chain as h
        where
            h.tenant_id = p_tenant_id and h.task_type = 'cart' and h.is_task
            and h.last_date between p_start_date and p_end_date and h.ready_at <= p_as_of
    ) as c
    group by c.branch_id;
end;
$$;
