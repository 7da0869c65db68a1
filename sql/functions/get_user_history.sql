-- get_user_history: sessions, orders, tasks and steps of one customer, newest first, a page of them.
--
-- Definition  p_customer_key: 'k:' and a company, 'c:' and a contact, 'd:' and a device; without one
--             of these it is a contact. kind: session, order, task (at its last evidence), step
--             (what people did). p_kinds null is every kind; cart and search are sessions with
--             such events. p_after: {at, kind, key} of a row; the rows after it, or with p_is_back
--             before it. total: rows of all pages.
-- Units       amount: net of refunds for an order, the value of a task; in currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/customers/queries.py
create or replace function get_user_history(
    p_tenant_id uuid, p_customer_key text, p_location_ids text[] default null,
    p_kinds text[] default null, p_limit integer default 50, p_offset integer default 0,
    p_after jsonb default null, p_is_back boolean default false, p_now timestamptz default now()
)
returns table (
    kind text, key text, happened_at timestamptz, branch_id text, contact_id text, label text,
    amount numeric, currency text, detail jsonb, total bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_key text := case
        when left(p_customer_key, 2) in ('k:', 'c:', 'd:') then p_customer_key
        else 'c:' || p_customer_key
    end;
    v_kinds text[] := coalesce(p_kinds, array['session', 'order', 'task', 'step']);
begin
    return query
    with entries as (
        select
            'session' as kind, s.session_id as key, s.first_ts as happened_at, s.branch_id,
            s.contact_id, s.entry_url as label, null::numeric as amount, null::text as currency,
            jsonb_build_object(
                'last_ts', s.last_ts, 'page_views', s.page_views, 'item_views', s.item_views,
                'cart_events', s.cart_events, 'purchases', s.purchases, 'searches', s.searches,
                'failed_searches', s.failed_searches, 'device_category', s.device_category,
                'city', s.city
            ) as detail
        from _customer_sessions(p_tenant_id, v_key, p_location_ids) as s
        where
            'session' = any(v_kinds) or ('cart' = any(v_kinds) and s.cart_events > 0)
            or ('search' = any(v_kinds) and s.searches + s.failed_searches > 0)
        union all
        select
            'order', o.order_key, o.order_ts, o.branch_id, o.contact_id, o.transaction_id,
            o.revenue - o.refunded, o.currency, jsonb_build_object(
                'refunded', o.refunded, 'items', o.items_json, 'session_id', o.session_id
            )
        from _customer_orders(p_tenant_id, v_key, p_location_ids) as o
        where 'order' = any(v_kinds)
        union all
        select
            'task', t.task_id::text, t.last_at, t.branch_id, null, t.task_type, t.value,
            t.currency, jsonb_build_object('state', t.state, 'outcome', t.outcome)
        from _customer_tasks(p_tenant_id, v_key, p_location_ids, p_now) as t
        where 'task' = any(v_kinds)
        union all
        select
            'step', h.history_id::text, h.happened_at, t.branch_id, null, h.action, h.amount, '',
            jsonb_build_object(
                'task_id', h.task_id, 'task_type', h.task_type, 'done_by', h.done_by,
                'outcome', h.outcome, 'reason', h.reason, 'note', h.note, 'owner', h.owner,
                'snoozed_until', h.snoozed_until
            )
        from _customer_tasks(p_tenant_id, v_key, p_location_ids, p_now) as t
        inner join task_history as h
            on h.tenant_id = p_tenant_id and h.task_id = t.task_id
        where 'step' = any(v_kinds)
    ),
    marked as (
        select e.*, count(*) over () as total
        from entries as e
    ),
    page as (
        select m.*
        from marked as m
        where
            p_after is null
            or case
                when p_is_back then (m.happened_at, m.kind, m.key) > (
                    (p_after ->> 'at')::timestamptz, p_after ->> 'kind', p_after ->> 'key'
                )
                else (m.happened_at, m.kind, m.key) < (
                    (p_after ->> 'at')::timestamptz, p_after ->> 'kind', p_after ->> 'key'
                )
            end
        order by
            case when p_is_back then m.happened_at end,
            case when p_is_back then m.kind end,
            case when p_is_back then m.key end,
            m.happened_at desc, m.kind desc, m.key desc
        limit p_limit offset p_offset
    )
    select
        p.kind, p.key, p.happened_at, p.branch_id, p.contact_id, p.label, p.amount, p.currency,
        p.detail, p.total
    from page as p
    order by p.happened_at desc, p.kind desc, p.key desc;
end;
$$;
