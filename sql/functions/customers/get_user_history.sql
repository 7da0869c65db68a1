-- get_user_history: one page of a customer's sessions, orders, tasks and steps, newest first.
--
-- Definition  p_customer_key: 'k:' and a company, 'c:' and a contact, 'd:' and a device; no prefix
--             means a contact. kind: session, order, task (at its last evidence), step (people's
--             actions), note. p_kinds null means every kind; cart and search are sessions with such
--             events. p_after: {at, kind, key} of a row; returns the rows after it, or before it
--             with p_is_back. total: rows of all pages.
-- Units       amount: an order's net of refunds, or a task's value; in currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/customers/history_queries.py
create or replace function get_user_history(
    p_tenant_id uuid, p_scope member_scope, p_customer_key text,
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
    v_location_ids text[] := _shown_branches(p_tenant_id, p_scope, v_key);
    v_kinds text[] := coalesce(p_kinds, array['session', 'order', 'task', 'step', 'note']);
begin
    return query
    with marked as (
        select e.*, count(*) over () as total
        from _customer_entries(p_tenant_id, v_key, v_location_ids, v_kinds, p_now) as e
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
