-- get_customer_products: what one customer bought, viewed but never bought, and searched without
-- results.
--
-- Definition  kind: bought (all orders), viewed (items viewed in the last 200 sessions and never
--             ordered), not_found (terms searched in those sessions without results). label: the
--             item's name, else its id, else "Unnamed item"; or the term.
-- Units       times: orders, sessions or searches; quantity for bought items only.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/customers/queries.py
create or replace function get_customer_products(
    p_tenant_id uuid, p_scope member_scope, p_customer_key text,
    p_limit integer default 10
)
returns table (
    kind text, item_id text, label text, times bigint, quantity numeric, last_at timestamptz
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_location_ids text[] := _shown_branches(p_tenant_id, p_scope, p_customer_key);
    v_first date;
    v_last date;
begin
    select min(s.first_event_date), max(s.last_event_date) into v_first, v_last
    from (
        select c.first_event_date, c.last_event_date
        from _customer_sessions(p_tenant_id, p_customer_key, v_location_ids) as c
        order by c.first_ts desc
        limit 200
    ) as s;
    return query
    with visits as (
        select c.session_key, c.session_id
        from _customer_sessions(p_tenant_id, p_customer_key, v_location_ids) as c
        order by c.first_ts desc
        limit 200
    ),
    bought as (
        select i.*
        from _customer_items(p_tenant_id, p_customer_key, v_location_ids) as i
    ),
    viewed as (
        select
            coalesce('i:' || v.item_id, 'n:' || v.item_name) as item_key,
            max(v.item_id) as item_id,
            max(v.item_name) as item_name, count(distinct v.session_id) as times,
            max(v.event_ts) as last_at
        from view_item as v
        inner join visits as s
            on s.session_key = v.session_key and s.session_id = v.session_id
        where v.tenant_id = p_tenant_id and v.event_date between v_first and v_last
        group by 1
    ),
    missed as (
        select n.term, count(*) as times, max(n.event_ts) as last_at
        from no_search_results as n
        inner join visits as s
            on s.session_key = n.session_key and s.session_id = n.session_id
        where n.tenant_id = p_tenant_id and n.event_date between v_first and v_last
        group by 1
    ),
    found as (
        select
            'bought' as kind, b.item_id,
            coalesce(b.item_name, b.item_id, 'Unnamed item') as label, b.times, b.quantity,
            b.last_at
        from bought as b
        union all
        select
            'viewed', v.item_id, coalesce(v.item_name, v.item_id), v.times, null, v.last_at
        from viewed as v
        where v.item_key is not null and v.item_key not in (select b.item_key from bought as b)
        union all
        select 'not_found', null, m.term, m.times, null, m.last_at
        from missed as m
        where m.term <> ''
    )
    select r.kind, r.item_id, r.label, r.times, r.quantity, r.last_at
    from (
        select
            f.*,
            row_number() over (
                partition by f.kind order by f.times desc, f.last_at desc, f.label
            ) as place
        from found as f
    ) as r
    where r.place <= p_limit
    order by r.kind, r.place;
end;
$$;
