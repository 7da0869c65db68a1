-- get_page_sessions: the latest sessions that began on one page.
--
-- Definition  A page is the entry address without query and fragment. The customer is the company,
--             else the contact, else the device; name is null if the customer file does not have
--             it.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/performance/queries.py
create or replace function get_page_sessions(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[], p_page text,
    p_limit integer default 20
)
returns table (
    session_id text,
    customer_key text,
    name text,
    first_at timestamptz,
    branch_id text,
    page_views integer,
    is_bounce boolean,
    has_order boolean
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    with latest as (
        select s.*
        from session as s
        where
            s.tenant_id = p_tenant_id and s.session_date between p_start_date and p_end_date
            and s.visitor_id is not null
            and split_part(split_part(s.entry_url, '#', 1), '?', 1) = p_page
            and (p_location_ids is null or s.branch_id = any(p_location_ids))
        order by s.first_ts desc, s.session_id
        limit p_limit
    )
    select
        l.session_id, coalesce('k:' || l.company_id, 'c:' || l.contact_id, 'd:' || l.user_pseudo_id),
        coalesce(nullif(u.name, ''), u.buying_company_name), l.first_ts, l.branch_id, l.page_views,
        l.is_bounce,
        exists (
            select from shop_order as o
            where
                o.tenant_id = p_tenant_id and o.session_key = l.session_key
                and o.session_id = l.session_id
        )
    from latest as l
    left join users as u on u.tenant_id = p_tenant_id and u.user_id = l.contact_id
    order by l.first_ts desc, l.session_id;
end;
$$;
