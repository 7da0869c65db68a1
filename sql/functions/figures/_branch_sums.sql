-- _branch_sums: counts per branch over a range, without money.
--
-- Definition  As in get_dashboard_overview_stats, per branch. Branches without any are absent.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/get_location_stats_bulk.sql
create or replace function _branch_sums(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_loaded tstzmultirange
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
as $$
begin
    return query
    with days as (
        select
            b.branch_id, sum(b.sessions)::bigint as sessions,
            sum(b.sessions_with_order)::bigint as sessions_with_order,
            sum(b.searches)::bigint as searches, sum(b.failed_searches)::bigint as failed_searches
        from branch_day as b
        where b.tenant_id = p_tenant_id and b.event_date between p_start_date and p_end_date
        group by b.branch_id
    ),
    carts as (
        select h.branch_id, count(*) as abandoned_carts
        from task as h
        where
            h.tenant_id = p_tenant_id and h.task_type = 'cart' and h.is_task
            and h.last_date between p_start_date and p_end_date
            and _is_judged('cart', h.last_at, h.ready_at, p_loaded)
        group by h.branch_id
    ),
    branches as (
        select d.branch_id from days as d
        union
        select k.branch_id from carts as k
    )
    select
        b.branch_id, coalesce(d.sessions, 0), coalesce(v.visitors, 0),
        coalesce(d.sessions_with_order, 0), coalesce(k.abandoned_carts, 0),
        coalesce(d.searches, 0), coalesce(d.failed_searches, 0)
    from branches as b
    left join days as d on d.branch_id = b.branch_id
    left join carts as k on k.branch_id = b.branch_id
    left join lateral (
        select sum(g.visitors)::bigint as visitors
        from visitor_gap as g
        where
            g.tenant_id = p_tenant_id and g.scope = '=' || b.branch_id
            and g.session_date between p_start_date and p_end_date
            and g.previous_date < p_start_date
    ) as v on true;
end;
$$;
