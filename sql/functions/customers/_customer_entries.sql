-- _customer_entries: all entries of the given kinds for one customer, unordered.
--
-- Definition  p_kinds: session, order, task (at its last evidence), step (people's actions), note
--             (the company's and its contacts', if every branch is shown). cart and search are
--             sessions with such events. p_customer_key is as in _customer_sessions.
-- Units       amount: an order's net of refunds, or a task's value; in currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/customers/get_user_history.sql
create or replace function _customer_entries(
    p_tenant_id uuid, p_customer_key text, p_location_ids text[], p_kinds text[],
    p_now timestamptz
)
returns table (
    kind text, key text, happened_at timestamptz, branch_id text, contact_id text, label text,
    amount numeric, currency text, detail jsonb
)
language plpgsql
stable
as $$
begin
    return query
    select
        'session', s.session_id, s.first_ts, s.branch_id, s.contact_id, s.entry_url,
        null::numeric, null::text,
        jsonb_build_object(
            'last_ts', s.last_ts, 'page_views', s.page_views, 'item_views', s.item_views,
            'cart_events', s.cart_events, 'purchases', s.purchases, 'searches', s.searches,
            'failed_searches', s.failed_searches, 'device_category', s.device_category,
            'city', s.city
        )
    from _customer_sessions(p_tenant_id, p_customer_key, p_location_ids) as s
    where
        'session' = any(p_kinds) or ('cart' = any(p_kinds) and s.cart_events > 0)
        or ('search' = any(p_kinds) and s.searches + s.failed_searches > 0)
    union all
    select
        'order', o.order_key, o.order_ts, o.branch_id, o.contact_id, o.transaction_id,
        o.revenue - o.refunded, o.currency, jsonb_build_object(
            'refunded', o.refunded, 'items', o.items_json, 'session_id', o.session_id
        )
    from _customer_orders(p_tenant_id, p_customer_key, p_location_ids) as o
    where 'order' = any(p_kinds)
    union all
    select
        'task', t.task_id::text, t.last_at, t.branch_id, null, t.task_type, t.value,
        t.currency, jsonb_build_object('state', t.state, 'outcome', t.outcome)
    from _customer_tasks(p_tenant_id, p_customer_key, p_location_ids, p_now) as t
    where 'task' = any(p_kinds)
    union all
    select
        'step', h.history_id::text, h.happened_at, t.branch_id, null, h.action, h.amount, '',
        jsonb_build_object(
            'task_id', h.task_id, 'task_type', h.task_type, 'done_by', h.done_by,
            'outcome', h.outcome, 'reason', h.reason, 'note', h.note, 'owner', h.owner,
            'snoozed_until', h.snoozed_until
        )
    from _customer_tasks(p_tenant_id, p_customer_key, p_location_ids, p_now) as t
    inner join task_history as h
        on h.tenant_id = p_tenant_id and h.task_id = t.task_id
    where 'step' = any(p_kinds)
    union all
    select
        'note', n.note_id::text, n.created_at, null, null, n.body, null, null,
        jsonb_build_object('done_by', n.created_by)
    from customer_note as n
    where
        'note' = any(p_kinds) and n.tenant_id = p_tenant_id and p_location_ids is null
        and (
            n.customer_key = p_customer_key
            or n.customer_key in (
                select 'c:' || u.user_id
                from users as u
                where u.tenant_id = p_tenant_id and 'k:' || u.buying_company_erp_id = p_customer_key
            )
        );
end;
$$;
