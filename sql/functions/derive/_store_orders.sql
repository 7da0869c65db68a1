-- _store_orders: write the orders, repeats and refunds of the touched keys; record the affected
-- customers in order_image and the days in touched_day.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _store_orders(p_tenant_id uuid)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_sessions bigint[];
begin
    create temporary table order_change on commit drop as
    select
        coalesce(o.order_key, n.order_key) as order_key,
        o.order_date as old_date, n.order_date as new_date
    from (
        select s.*
        from shop_order as s
        inner join touched_order as t on s.order_key = t.order_key
        where s.tenant_id = p_tenant_id
    ) as o
    full join order_new as n on o.order_key = n.order_key
    where o.row_hash is distinct from n.row_hash;
    insert into order_image
    select o.contact_id, o.company_id, o.user_pseudo_id, o.session_key, o.session_id
    from order_change as c
    inner join shop_order as o on o.tenant_id = p_tenant_id and o.order_key = c.order_key
    union
    select n.contact_id, n.company_id, n.user_pseudo_id, n.session_key, n.session_id
    from order_change as c
    inner join order_new as n on n.order_key = c.order_key;
    v_sessions := _few(array(select d.session_key from order_image as d));
    insert into touched_day
    select c.old_date from order_change as c where c.old_date is not null
    union
    select c.new_date from order_change as c where c.new_date is not null
    union
    select s.session_date
    from order_image as i
    inner join session as s
        on
            s.tenant_id = p_tenant_id
            and s.session_key = i.session_key and s.session_id = i.session_id
            and (v_sessions is null or s.session_key = any(v_sessions))
    union
    select r.event_date
    from order_repeat as r
    inner join touched_order as t on r.order_key = t.order_key
    where r.tenant_id = p_tenant_id
    union
    select r.event_date from repeat_new as r
    union
    select r.refund_date
    from refund as r
    inner join touched_order as t on r.order_key = t.order_key
    where r.tenant_id = p_tenant_id
    union
    select r.refund_date from refund_new as r
    on conflict do nothing;
    delete from shop_order as o using order_change as c
    where o.tenant_id = p_tenant_id and o.order_key = c.order_key;
    insert into shop_order
    select n.*
    from order_new as n
    inner join order_change as c on n.order_key = c.order_key
    order by n.order_date, n.branch_id;
    delete from order_repeat as r using touched_order as t
    where r.tenant_id = p_tenant_id and r.order_key = t.order_key;
    insert into order_repeat select n.* from repeat_new as n;
    delete from refund as r using touched_order as t
    where r.tenant_id = p_tenant_id and r.order_key = t.order_key;
    insert into refund select n.* from refund_new as n;
end;
$$;
