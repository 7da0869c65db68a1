-- _cart_tasks: the items left in each cart of chain_span, into task_found.
--
-- Definition  Quantities accumulate per item (id, else name) in time order and never fall below 0;
--             the price is the last known price of an add. A cart is abandoned (is_task) if an item
--             remains and no order follows within 24 hours (a setting) of its last activity; this
--             is known at ready_at.
-- Units       value in the last currency its activity names ('' is the tenant's); items without a
--             price are left out.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_tasks.sql
create or replace function _cart_tasks(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    insert into task_found
    with steps as (
        select
            c.first_at, f.*,
            row_number() over (
                partition by c.subject, c.first_at
                order by
                    f.fact_ts, f.batch_page_id nulls first, f.batch_ordering_id nulls first,
                    f.batch_event_index nulls first, f.session_id, f.position
            ) as step,
            case f.kind when 'add' then f.quantity when 'remove' then -f.quantity end as change
        from chain_span as c
        inner join evidence as f
            on f.subject = c.subject and f.fact_ts between c.first_at and c.last_at
    ),
    sums as (
        select
            e.subject, e.first_at, e.item_key, e.item_id, e.item_name, e.price, e.step,
            sum(e.change) over (
                partition by e.subject, e.first_at, e.item_key order by e.step
            ) as total
        from steps as e
        where e.change is not null and e.item_key is not null
    ),
    lines as (
        select
            s.subject, s.first_at, s.item_key, min(s.step) as step,
            (array_agg(s.item_id order by s.step desc))[1] as item_id,
            (array_agg(s.item_name order by s.step desc))[1] as item_name,
            (array_agg(s.price order by s.step desc) filter (where s.price is not null))[1]
                as price,
            (array_agg(s.total order by s.step desc))[1] - least(min(s.total), 0) as quantity
        from sums as s
        group by s.subject, s.first_at, s.item_key
    ),
    carts as (
        select
            l.subject, l.first_at, coalesce(sum(l.quantity * l.price), 0) as cart_value,
            bool_or(l.price is null) as is_incomplete,
            jsonb_agg(jsonb_build_object(
                'item_id', l.item_id, 'item_name', l.item_name,
                'quantity', l.quantity, 'price', l.price
            ) order by l.step) as lines,
            string_agg(concat_ws(' ', l.item_id, l.item_name), ' ' order by l.step) as words
        from lines as l
        where l.quantity > 0
        group by l.subject, l.first_at
    ),
    latest as (
        select
            e.subject, e.first_at,
            (array_agg(e.event_date order by e.step desc))[1] as last_date,
            (array_agg(e.user_pseudo_id order by e.step desc))[1] as user_pseudo_id,
            (array_agg(e.contact_id order by e.step desc))[1] as contact_id,
            (array_agg(e.company_id order by e.step desc))[1] as company_id,
            (array_agg(e.branch_id order by e.branch_id = '', e.step desc))[1] as branch_id,
            (array_agg(e.currency order by e.currency = '', e.step desc))[1] as currency,
            bool_or(e.kind = 'checkout') as has_checkout
        from steps as e
        group by e.subject, e.first_at
    )
    select
        'cart', c.subject, c.first_at, '', c.last_at, t.last_date, t.user_pseudo_id,
        t.contact_id, t.company_id, t.branch_id, c.closing_order_key,
        case when k.lines is null then coalesce(c.closed_at, c.last_at) else c.closed_at end,
        case
            when c.closed_at is not null then 'recovered' when k.lines is null then 'emptied'
        end,
        c.last_at + make_interval(hours => r.cart_hours),
        c.last_at + make_interval(days => r.cart_days),
        t.currency, coalesce(k.cart_value, 0), coalesce(k.is_incomplete, false), 0,
        k.lines is not null and (
            c.closed_at is null or c.closed_at > c.last_at + make_interval(hours => r.cart_hours)
        ),
        t.has_checkout, null, jsonb_build_object('lines', coalesce(k.lines, '[]')),
        _words(k.words), false
    from chain_span as c
    inner join latest as t on t.subject = c.subject and t.first_at = c.first_at
    left join carts as k on k.subject = c.subject and k.first_at = c.first_at
    cross join _task_rules(p_tenant_id) as r;
end;
$$;
