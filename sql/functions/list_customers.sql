-- list_customers: one page of the tenant's customers, the most valuable or the latest first.
--
-- Definition  Companies, and contacts without one, of the customer file, of orders and of sessions.
--             Every word of p_query begins a word of the company's or a contact's name, address,
--             phone or id. p_sort_field: revenue (net, 12 months), last_at (last visit or order)
--             or name. p_location_ids: what happened at these branches, and whose contacts belong
--             to them; null is all.
-- Units       net_revenue in the reporting currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/customers/queries.py
create or replace function list_customers(
    p_tenant_id uuid, p_query text default null, p_location_ids text[] default null,
    p_sort_field text default 'revenue', p_limit integer default 25, p_offset integer default 0,
    p_now timestamptz default now()
)
returns table (
    customer_key text, customer_name text, people bigint, net_revenue numeric, orders bigint,
    last_order_at timestamptz, last_at timestamptz, total bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_words text[] := string_to_array(nullif(trim(_words(p_query)), ''), ' ');
    v_currency text := (
        select c.reporting_currency from tenant_config as c where c.tenant_id = p_tenant_id
    );
begin
    return query
    with refunded as (
        select f.order_key, sum(f.amount) as amount
        from refund as f
        where f.tenant_id = p_tenant_id and f.is_attached
        group by f.order_key
    ),
    bought as (
        select
            coalesce('k:' || o.company_id, 'c:' || o.contact_id) as customer_key,
            sum(o.revenue - coalesce(f.amount, 0)) filter (
                where o.order_ts > p_now - interval '12 months' and o.currency in ('', v_currency)
            ) as net_revenue,
            count(*) filter (where o.order_ts > p_now - interval '12 months') as orders,
            max(o.order_ts) as last_order_at
        from shop_order as o
        left join refunded as f on f.order_key = o.order_key
        where
            o.tenant_id = p_tenant_id and coalesce(o.company_id, o.contact_id) is not null
            and (p_location_ids is null or o.branch_id = any(p_location_ids))
        group by 1
    ),
    visits as (
        select 'k:' || s.company_id as customer_key, max(s.last_ts) as last_at
        from session as s
        where
            s.tenant_id = p_tenant_id and s.company_id is not null
            and (p_location_ids is null or s.branch_id = any(p_location_ids))
        group by s.company_id
        union all
        select 'c:' || s.contact_id, max(s.last_ts)
        from session as s
        where
            s.tenant_id = p_tenant_id and s.company_id is null and s.contact_id is not null
            and (p_location_ids is null or s.branch_id = any(p_location_ids))
        group by s.contact_id
    ),
    customers as (
        select
            coalesce(f.customer_key, b.customer_key, v.customer_key) as customer_key, f.name,
            coalesce(f.people, 0) as people, coalesce(b.net_revenue, 0) as net_revenue,
            coalesce(b.orders, 0) as orders, b.last_order_at,
            greatest(b.last_order_at, v.last_at) as last_at,
            coalesce(f.words, '') as words
        from _filed_customers(p_tenant_id, p_location_ids, v_words is not null) as f
        full join bought as b on b.customer_key = f.customer_key
        full join visits as v on v.customer_key = coalesce(f.customer_key, b.customer_key)
        where f.is_ours or b.customer_key is not null or v.customer_key is not null
    )
    select
        c.customer_key, c.name, c.people, c.net_revenue, c.orders, c.last_order_at, c.last_at,
        count(*) over ()
    from customers as c
    where v_words is null or not exists (
        select
        from unnest(v_words) as w (word)
        where
            strpos(lower(normalize(c.words || ' ' || c.customer_key)), w.word) = 0
            or strpos(_words(c.words || ' ' || substr(c.customer_key, 3)), ' ' || w.word) = 0
    )
    order by
        case p_sort_field when 'revenue' then c.net_revenue end desc nulls last,
        case p_sort_field when 'name' then lower(coalesce(c.name, c.customer_key)) end,
        c.last_at desc nulls last, c.customer_key
    limit p_limit offset p_offset;
end;
$$;
