-- list_customers: one page of the tenant's customers, most valuable or most recent first.
--
-- Definition  Companies, and contacts without one, from the customer file, orders and sessions, if
--             p_scope shows them whole or shows sessions of them at its branches. The latter have
--             no people, orders or revenue (null). Each word of p_query must begin a word of the
--             company's or a contact's name, address, phone or id, as far as the member sees them.
--             p_sort_field: revenue (net, 12 months), last_at (last visit or order) or name (for
--             viewers, companies only).
-- Units       net_revenue in the reporting currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/customers/queries.py
create or replace function list_customers(
    p_tenant_id uuid, p_scope member_scope, p_query text default null,
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
    v_branches text[] := (p_scope).location_ids;
    v_is_masked boolean := (p_scope).is_masked is distinct from false;
    v_whole text[] := _whole_customers(p_tenant_id, p_scope, null);
begin
    return query
    with customers as (
        select
            coalesce(f.customer_key, b.customer_key, v.customer_key) as customer_key, f.name,
            f.people, b.net_revenue, b.orders, b.last_order_at, f.words, f.shown_words,
            f.own_words, v.last_at, v.last_at_branches
        from _filed_customers(p_tenant_id, v_words is not null) as f
        full join _bought_by_customer(p_tenant_id, p_now) as b on b.customer_key = f.customer_key
        full join _seen_by_customer(p_tenant_id, v_branches) as v
            on v.customer_key = coalesce(f.customer_key, b.customer_key)
    ),
    shown as (
        select
            c.customer_key, c.name,
            case when w.is_whole then coalesce(c.people, 0) end as people,
            case when w.is_whole then coalesce(c.net_revenue, 0) end as net_revenue,
            case when w.is_whole then coalesce(c.orders, 0) end as orders,
            case when w.is_whole then c.last_order_at end as last_order_at,
            case
                when w.is_whole then greatest(c.last_order_at, c.last_at) else c.last_at_branches
            end as last_at,
            concat_ws(
                ' ',
                case
                    when w.is_whole and not v_is_masked then c.words
                    when w.is_whole or (w.is_person and v_is_masked) then c.shown_words
                    else c.own_words
                end,
                case
                    when not v_is_masked or strpos(c.customer_key, '@') = 0
                        then substr(c.customer_key, 3)
                end
            ) as words,
            case when not v_is_masked or not w.is_person then c.name end as sort_name
        from customers as c
        cross join lateral (
            select
                v_branches is null or c.customer_key = any(v_whole) as is_whole,
                left(c.customer_key, 2) = 'c:' as is_person
        ) as w
        where w.is_whole or c.last_at_branches is not null
    )
    select
        s.customer_key, s.name, s.people, s.net_revenue, s.orders, s.last_order_at, s.last_at,
        count(*) over ()
    from shown as s
    where v_words is null or not exists (
        select
        from unnest(v_words) as w (word)
        where
            strpos(lower(normalize(s.words)), w.word) = 0
            or strpos(_words(s.words), ' ' || w.word) = 0
    )
    order by
        case p_sort_field when 'revenue' then s.net_revenue end desc nulls last,
        case p_sort_field when 'name' then lower(coalesce(
            s.sort_name, case when not v_is_masked then s.customer_key end
        )) end,
        s.last_at desc nulls last, s.customer_key
    limit p_limit offset p_offset;
end;
$$;
