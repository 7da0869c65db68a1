-- _purchase_tasks: one task per touched order, into task_found. Orders without contact, company and
-- device, and orders of excluded customers, make none.
--
-- Definition  Touched are the orders of the load, and all orders of the contacts and companies in
--             touched_party. A task is closed when the refunds reach the revenue.
-- Units       value: revenue less refunds, in the order's currency ('' is the tenant's).
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_tasks.sql
create or replace function _purchase_tasks(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_excluded text[] := _excluded_customers(p_tenant_id);
begin
    analyze touched_party;
    insert into touched_order
    select o.order_key
    from shop_order as o
    inner join touched_party as p on p.party = 'c:' || o.contact_id
    where o.tenant_id = p_tenant_id
    union
    select o.order_key
    from shop_order as o
    inner join touched_party as p on p.party = 'k:' || o.company_id
    where o.tenant_id = p_tenant_id
    on conflict do nothing;
    analyze touched_order;
    insert into task_found
    with refunded as (
        select f.order_key, sum(f.amount) as amount, max(f.refund_ts) as refunded_at
        from refund as f
        inner join touched_order as t on t.order_key = f.order_key
        where f.tenant_id = p_tenant_id and f.is_attached
        group by f.order_key
    ),
    orders as (
        select
            o.*,
            coalesce(
                'c:' || o.contact_id, 'k:' || o.company_id, 'd:' || o.user_pseudo_id
            ) as subject
        from touched_order as t
        inner join shop_order as o on o.order_key = t.order_key
        where
            o.tenant_id = p_tenant_id
            and coalesce(o.contact_id, o.company_id, o.user_pseudo_id) is not null
            and not _is_excluded(o.contact_id, o.company_id, v_excluded)
    )
    select
        'purchase', o.subject, o.order_ts, o.order_key, o.order_ts, o.order_date,
        o.user_pseudo_id, o.contact_id, o.company_id, o.branch_id, null,
        case when o.revenue > 0 and f.amount >= o.revenue then f.refunded_at end,
        case when o.revenue > 0 and f.amount >= o.revenue then 'refunded' end,
        o.order_ts, o.order_ts + make_interval(days => r.purchase_days), o.currency,
        o.revenue - coalesce(f.amount, 0), o.is_revenue_missing, 0, true, false, null,
        jsonb_build_object(
            'transaction_id', o.transaction_id, 'refunded', coalesce(f.amount, 0),
            'line_count', (
                select count(_item_key(i.item))
                    + coalesce(bool_or(_item_key(i.item) is null), false)::integer
                from jsonb_array_elements(
                    case when jsonb_typeof(o.items_json) = 'array' then o.items_json else '[]' end
                ) as i (item)
            )
        ),
        _words(concat_ws(' ', o.transaction_id, (
            select string_agg(concat_ws(' ', i.item ->> 'item_id', i.item ->> 'item_name'), ' ')
            from jsonb_array_elements(
                case when jsonb_typeof(o.items_json) = 'array' then o.items_json else '[]' end
            ) as i (item)
        ))), false
    from orders as o
    left join refunded as f on f.order_key = o.order_key
    cross join _task_rules(p_tenant_id) as r;
end;
$$;
