-- get_term_customers: the customers who searched for one term, latest first.
--
-- Definition  A customer is the company, else the contact, else the device; name is null for
--             devices and customers missing from the customer file. total counts all customers.
-- Units       p_end_date is inclusive.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/terms/queries.py
create or replace function get_term_customers(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[], p_term text,
    p_limit integer default 10
)
returns table (
    customer_key text, name text, searches bigint, failed bigint, last_at timestamptz, total bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    with people as (
        select
            s.customer_key, sum(s.found + s.failed)::bigint as searches,
            sum(s.failed)::bigint as failed, max(s.last_at) as last_at, count(*) over () as total
        from _term_searches(p_tenant_id, p_start_date, p_end_date, p_location_ids) as s
        where
            s.term_key = hashtextextended(p_term, 0) and s.term = p_term
            and s.customer_key is not null
        group by s.customer_key
        order by max(s.last_at) desc, s.customer_key
        limit p_limit
    )
    select
        p.customer_key,
        case left(p.customer_key, 2)
            when 'k:' then (
                select max(u.buying_company_name)
                from users as u
                where
                    u.tenant_id = p_tenant_id
                    and u.buying_company_erp_id = substr(p.customer_key, 3)
            )
            when 'c:' then (
                select nullif(u.name, '')
                from users as u
                where u.tenant_id = p_tenant_id and u.user_id = substr(p.customer_key, 3)
            )
        end,
        p.searches, p.failed, p.last_at, p.total
    from people as p
    order by p.last_at desc, p.customer_key;
end;
$$;
