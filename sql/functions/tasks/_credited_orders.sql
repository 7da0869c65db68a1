-- _credited_orders: each order that follows a contact, with the one contact it is credited to.
--
-- Definition  For each contact, the customer's first order instant within p_days after it, with all
--             orders of that instant. If several contacts lead to an order, the latest gets it.
--             Currencies are independent: an order in one does not displace an order in another.
--             same_item: the part of the net revenue for items of the carts discussed with the
--             customer in that time; all of it if every line is such an item.
-- Units       money in currency; '' is the reporting currency. same_item is 0 in another one.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/get_recovered_revenue.sql
create or replace function _credited_orders(
    p_tenant_id uuid, p_from timestamptz, p_to timestamptz, p_days integer
)
returns table (
    order_key text, history_id uuid, branch_id text, currency text, net_revenue numeric,
    same_item numeric
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_window interval := make_interval(days => p_days);
begin
    return query
    with contacts as (
        select c.*
        from _task_contacts(p_tenant_id, p_from - v_window, p_to + v_window) as c
    ),
    orders as (
        select o.*
        from _orders_by_customer(
            p_tenant_id, p_from::date - p_days - 1, p_to::date + 2 * p_days + 1
        ) as o
    ),
    reached as (
        select
            c.*, o.order_key, o.order_ts, o.branch_id as order_branch_id, o.currency,
            o.net_revenue, o.items_json,
            min(o.order_ts) over (partition by c.history_id, o.currency) as first_ts
        from contacts as c
        inner join orders as o
            on
                o.customer_key = c.customer_key and o.order_ts > c.happened_at
                and o.order_ts <= c.happened_at + v_window
    ),
    credited as (
        select distinct on (r.order_key)
            r.order_key, r.history_id, r.happened_at, r.order_branch_id, r.currency,
            r.net_revenue, r.items_json
        from reached as r
        where r.order_ts = r.first_ts
        order by r.order_key, r.happened_at desc, r.history_id
    ),
    cart_items as (
        select distinct
            r.order_key, _item_key(l.line) as item_key
        from reached as r
        cross join jsonb_array_elements(r.lines) as l (line)
    ),
    bought as (
        select
            c.order_key, bool_and(k.item_key is not null) as is_all,
            sum(_item_number(i.item -> 'price') * _item_quantity(i.item))
                filter (where k.item_key is not null) as amount
        from credited as c
        cross join jsonb_array_elements(c.items_json) as i (item)
        left join cart_items as k
            on k.order_key = c.order_key and k.item_key = _item_key(i.item)
        group by c.order_key
    )
    select
        c.order_key, c.history_id, c.order_branch_id, c.currency, c.net_revenue,
        case
            when c.currency <> '' then 0
            when b.is_all then c.net_revenue
            else least(c.net_revenue, coalesce(b.amount, 0))
        end
    from credited as c
    left join bought as b on b.order_key = c.order_key
    where c.happened_at >= p_from and c.happened_at < p_to;
end;
$$;
