-- list_sessions: one page of sessions, the rows behind sessions, conversion, bounces and visitors.
--
-- Definition  As _session_rows has them. p_query: words in the name or number of the company.
--             p_sort_field: first_at, page_views, duration or branch; ties by session. customer_name:
--             of the company, else of the contact. has_order: an order of the session at a branch
--             that the member sees; which sessions conversion counts does not depend on it.
-- Units       duration_s: seconds from the first to the last event.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/dashboard/sessions/queries.py
create or replace function list_sessions(
    p_tenant_id uuid, p_scope member_scope, p_start_date date, p_end_date date,
    p_location_ids text[], p_with_order boolean, p_bounced boolean, p_repeat_visitor boolean,
    p_query text, p_sort_field text, p_sort_order text, p_limit integer, p_offset integer
)
returns table (
    session_id text, first_at timestamptz, session_date date, duration_s double precision,
    branch_id text, page_views integer, is_bounce boolean, has_order boolean, entry_url text,
    source text, medium text, campaign text, device_category text, customer_key text,
    customer_name text, contact_id text, contact_name text
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_branches text[] := _branches_in_scope(p_location_ids, p_scope);
    v_companies text[] := _companies_named(p_tenant_id, p_query);
    v_is_down boolean := p_sort_order = 'desc';
begin
    return query
    with page as (
        select row_number() over () as place, w.*
        from (
            select s.*
            from _session_rows(
                p_tenant_id, p_start_date, p_end_date, v_branches, p_with_order, p_bounced,
                p_repeat_visitor, v_companies
            ) as s
            order by
                case when p_sort_field = 'page_views' and v_is_down then s.page_views end desc,
                case when p_sort_field = 'page_views' and not v_is_down then s.page_views end,
                case when p_sort_field = 'duration' and v_is_down then s.last_ts - s.first_ts end desc,
                case when p_sort_field = 'duration' and not v_is_down then s.last_ts - s.first_ts end,
                case when p_sort_field = 'branch' and v_is_down then s.branch_id end desc,
                case when p_sort_field = 'branch' and not v_is_down then s.branch_id end,
                case when v_is_down then s.first_ts end desc,
                case when not v_is_down then s.first_ts end,
                s.session_id
            limit p_limit offset p_offset
        ) as w
    )
    select
        p.session_id, p.first_ts, p.session_date,
        extract(epoch from p.last_ts - p.first_ts)::double precision, p.branch_id, p.page_views,
        p.is_bounce,
        exists (
            select from shop_order as o
            where
                o.tenant_id = p_tenant_id and o.session_key = p.session_key
                and o.session_id = p.session_id
                and ((p_scope).location_ids is null or o.branch_id = any((p_scope).location_ids))
        ),
        p.entry_url, p.traffic_source, p.traffic_medium, p.campaign, p.device_category,
        coalesce('k:' || p.company_id, 'c:' || p.contact_id, 'd:' || p.user_pseudo_id),
        coalesce(c.name, nullif(u.name, '')), p.contact_id, nullif(u.name, '')
    from page as p
    left join users as u on u.tenant_id = p_tenant_id and u.user_id = p.contact_id
    left join lateral (
        select min(nullif(w.buying_company_name, '')) as name
        from users as w
        where w.tenant_id = p_tenant_id and w.buying_company_erp_id = p.company_id
    ) as c on true
    order by p.place;
end;
$$;
