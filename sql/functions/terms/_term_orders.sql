-- _term_orders: the orders that followed searches for one term.
--
-- Definition  Orders of sessions that searched for the term, and orders of the same customers
--             (company, else contact, else device) within 7 days after the last such session, at
--             p_location_ids.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/terms/get_term_items.sql
create or replace function _term_orders(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[], p_term text
)
returns table (order_key text)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    with visits as (
        select
            s.session_key, s.session_id, s.last_at, left(s.customer_key, 2) as kind,
            substr(s.customer_key, 3) as customer
        from _term_searches(p_tenant_id, p_start_date, p_end_date, p_location_ids) as s
        where
            s.term_key = hashtextextended(p_term, 0) and s.term = p_term
            and s.session_key is not null
    )
    select o.order_key
    from visits as v
    inner join shop_order as o
        on o.session_key = v.session_key and o.session_id = v.session_id
    where
        o.tenant_id = p_tenant_id
        and (p_location_ids is null or o.branch_id = any(p_location_ids))
    union
    select o.order_key
    from visits as v
    inner join shop_order as o on o.company_id = v.customer
    where
        v.kind = 'k:' and o.tenant_id = p_tenant_id
        and (p_location_ids is null or o.branch_id = any(p_location_ids))
        and o.order_ts between v.last_at and v.last_at + interval '7 days'
    union
    select o.order_key
    from visits as v
    inner join shop_order as o on o.contact_id = v.customer
    where
        v.kind = 'c:' and o.tenant_id = p_tenant_id
        and (p_location_ids is null or o.branch_id = any(p_location_ids))
        and o.order_ts between v.last_at and v.last_at + interval '7 days'
    union
    select o.order_key
    from visits as v
    inner join shop_order as o on o.user_pseudo_id = v.customer
    where
        v.kind = 'd:' and o.tenant_id = p_tenant_id
        and (p_location_ids is null or o.branch_id = any(p_location_ids))
        and o.order_ts between v.last_at and v.last_at + interval '7 days';
end;
$$;
