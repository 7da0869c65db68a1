-- get_sources: the traffic sources of a range's sessions, and their orders.
--
-- Definition  One row per source and medium. sessions began in the range; engaged: those that did
--             not bounce; sessions_with_order: those with an order. Orders and money count on their
--             own day, under the source of their session; a refund under that of its order. source
--             null has the rest: sessions of days without session extraction (medium 'unknown') and
--             orders without a session (medium 'none'). The rows add up to the overview's sessions,
--             orders and net revenue. p_query is part of source or medium. p_sort_field: sessions,
--             engaged, orders, net_revenue, conversion, source; ties by source and medium.
-- Units       net_revenue in the reporting currency; p_end_date is inclusive.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/performance/source_queries.py
create or replace function get_sources(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[] default null,
    p_query text default null, p_sort_field text default 'sessions',
    p_sort_order text default 'desc', p_limit integer default 50, p_offset integer default 0
)
returns table (
    source text,
    medium text,
    sessions bigint,
    engaged bigint,
    sessions_with_order bigint,
    orders bigint,
    net_revenue numeric,
    total_sources bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
declare
    v_currency text := (
        select c.reporting_currency from tenant_config as c where c.tenant_id = p_tenant_id
    );
begin
    return query
    with ordered as (
        select distinct o.session_key, o.session_id
        from shop_order as o
        where o.tenant_id = p_tenant_id and o.session_id is not null and o.order_date >= p_start_date
    ),
    counted as (
        select
            s.traffic_source as source,
            case
                when s.traffic_source is null then 'unknown'
                else coalesce(s.traffic_medium, '(not set)')
            end as medium,
            1 as sessions, (not s.is_bounce)::integer as engaged,
            (w.session_id is not null)::integer as with_order, 0 as orders, 0::numeric as amount
        from session as s
        left join ordered as w on w.session_key = s.session_key and w.session_id = s.session_id
        where
            s.tenant_id = p_tenant_id and s.session_date between p_start_date and p_end_date
            and s.visitor_id is not null
            and (p_location_ids is null or s.branch_id = any(p_location_ids))
        union all
        select
            s.traffic_source, case
                when o.session_id is null then 'none'
                when s.traffic_source is null then 'unknown'
                else coalesce(s.traffic_medium, '(not set)')
            end,
            0, 0, 0, m.orders, m.amount
        from (
            select b.order_key, b.branch_id, 1 as orders,
                case when b.currency in ('', v_currency) then b.revenue else 0 end as amount
            from shop_order as b
            where
                b.tenant_id = p_tenant_id and not b.is_excluded
                and b.order_date between p_start_date and p_end_date
            union all
            select r.order_key, r.branch_id, 0, -r.amount
            from refund as r
            where
                r.tenant_id = p_tenant_id and not r.is_excluded
                and r.refund_date between p_start_date and p_end_date
                and r.currency in ('', v_currency)
        ) as m
        left join shop_order as o on o.tenant_id = p_tenant_id and o.order_key = m.order_key
        left join session as s
            on
                s.tenant_id = p_tenant_id
                and s.session_key = o.session_key and s.session_id = o.session_id
        where p_location_ids is null or m.branch_id = any(p_location_ids)
    ),
    sums as (
        select
            c.source, c.medium, sum(c.sessions) as sessions, sum(c.engaged) as engaged,
            sum(c.with_order) as with_order, sum(c.orders) as orders, sum(c.amount) as amount
        from counted as c
        where
            p_query is null
            or strpos(lower(concat_ws(' / ', c.source, c.medium)), lower(p_query)) > 0
        group by c.source, c.medium
    ),
    ranked as (
        select
            u.*, count(*) over () as total_sources,
            case p_sort_field
                when 'sessions' then u.sessions when 'engaged' then u.engaged
                when 'orders' then u.orders when 'net_revenue' then u.amount
                when 'conversion' then u.with_order::numeric / nullif(u.sessions, 0)
            end as amount_sorted,
            case when p_sort_field = 'source' then u.source end as word
        from sums as u
    )
    select
        r.source, r.medium, r.sessions, r.engaged, r.with_order, r.orders, r.amount,
        r.total_sources
    from ranked as r
    order by
        case when p_sort_order = 'desc' then r.amount_sorted end desc nulls last,
        case when p_sort_order = 'asc' then r.amount_sorted end asc nulls last,
        case when p_sort_order = 'desc' then r.word end desc nulls last, r.source, r.medium
    limit p_limit offset p_offset;
end;
$$;
