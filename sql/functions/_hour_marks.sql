-- _hour_marks: everything a chart by hours counts, one row each with its day and instant.
--
-- Definition  kind: session, order, refund, cart, search, failed_search. visitor_id is null for
--             sessions without a page view.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/_chart_by_hour.sql
create or replace function _hour_marks(
    p_tenant_id uuid,
    p_start_date date,
    p_end_date date,
    p_location_ids text[],
    p_as_of timestamptz
)
returns table (
    kind text, mark_date date, mark_ts timestamptz, visitor_id text, session_key bigint,
    session_id text, currency text, amount numeric
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select
        'session', s.session_date, s.first_ts, case when s.page_views > 0 then s.visitor_id end,
        s.session_key, s.session_id, null, null::numeric
    from session as s
    where
        s.tenant_id = p_tenant_id and s.session_date between p_start_date and p_end_date
        and (p_location_ids is null or s.branch_id = any(p_location_ids))
    union all
    select 'order', o.order_date, o.order_ts, null, null, null, o.currency, o.revenue
    from shop_order as o
    where
        o.tenant_id = p_tenant_id and o.order_date between p_start_date and p_end_date
        and (p_location_ids is null or o.branch_id = any(p_location_ids))
    union all
    select 'refund', r.refund_date, r.refund_ts, null, null, null, r.currency, r.amount
    from refund as r
    where
        r.tenant_id = p_tenant_id and r.refund_date between p_start_date and p_end_date
        and (p_location_ids is null or r.branch_id = any(p_location_ids))
    union all
    select 'cart', h.last_date, h.last_at, null, null, null, null, null
    from chain as h
    where
        h.tenant_id = p_tenant_id and h.task_type = 'cart' and h.is_task
        and h.last_date between p_start_date and p_end_date and h.ready_at <= p_as_of
        and (p_location_ids is null or h.branch_id = any(p_location_ids))
    union all
    select f.kind, f.event_date, f.fact_ts, null, null, null, null, null
    from fact as f
    where
        f.tenant_id = p_tenant_id and f.task_type = 'search'
        and f.event_date between p_start_date and p_end_date
        and (p_location_ids is null or f.branch_id = any(p_location_ids))
    union all
    select 'search', v.event_date, v.event_ts, null, null, null, null, null
    from view_search_results as v
    where
        v.tenant_id = p_tenant_id and v.event_date between p_start_date and p_end_date
        and v.session_key is null
        and (p_location_ids is null or coalesce(v.branch_id, '') = any(p_location_ids))
    union all
    select 'failed_search', n.event_date, n.event_ts, null, null, null, null, null
    from no_search_results as n
    where
        n.tenant_id = p_tenant_id and n.event_date between p_start_date and p_end_date
        and n.session_key is null
        and (p_location_ids is null or coalesce(n.branch_id, '') = any(p_location_ids));
end;
$$;
