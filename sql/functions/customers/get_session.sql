-- get_session: one session, with the visitor's previous and next session.
--
-- Definition  A session is found if its branch is in p_scope or its customer is shown whole. Others
--             are not found, nor returned as neighbours.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/customers/history_queries.py
create or replace function get_session(
    p_tenant_id uuid, p_scope member_scope, p_session_id text
)
returns table (
    session_id text, user_pseudo_id text, first_ts timestamptz, last_ts timestamptz,
    contact_id text, contact_name text, company_id text, company_name text, branch_id text,
    page_views integer, item_views integer, cart_events integer, purchases integer,
    searches integer, failed_searches integer, is_bounce boolean, entry_url text,
    device_category text, city text, country text, traffic_source text, traffic_medium text,
    previous_id text, next_id text
)
language plpgsql
stable
as $$
declare
    v_parts text[] := regexp_match(p_session_id, '^(.*)\.(-?[0-9]{1,18})$');
    v_session session;
    v_location_ids text[];
begin
    select f.* into v_session
    from session as f
    where
        f.tenant_id = p_tenant_id
        and f.session_key = hashtextextended(v_parts[1], v_parts[2]::bigint)
        and f.session_id = p_session_id;
    v_location_ids := _shown_branches(p_tenant_id, p_scope, _session_customer(v_session));
    return query
    select
        s.session_id, s.user_pseudo_id, s.first_ts, s.last_ts, s.contact_id, u.name, s.company_id,
        u.buying_company_name, s.branch_id, s.page_views, s.item_views, s.cart_events, s.purchases,
        s.searches, s.failed_searches, s.is_bounce, s.entry_url, s.device_category, s.city,
        s.country, s.traffic_source, s.traffic_medium,
        (
            select o.session_id
            from session as o
            where
                o.tenant_id = p_tenant_id and o.visitor_id = s.visitor_id
                and (o.first_ts, o.session_id) < (s.first_ts, s.session_id)
                and (
                    (v_location_ids is null and _session_customer(o) = _session_customer(s))
                    or (p_scope).location_ids is null or o.branch_id = any((p_scope).location_ids)
                )
            order by o.first_ts desc, o.session_id desc
            limit 1
        ),
        (
            select o.session_id
            from session as o
            where
                o.tenant_id = p_tenant_id and o.visitor_id = s.visitor_id
                and (o.first_ts, o.session_id) > (s.first_ts, s.session_id)
                and (
                    (v_location_ids is null and _session_customer(o) = _session_customer(s))
                    or (p_scope).location_ids is null or o.branch_id = any((p_scope).location_ids)
                )
            order by o.first_ts, o.session_id
            limit 1
        )
    from (select v_session.*) as s
    left join users as u on u.tenant_id = p_tenant_id and u.user_id = s.contact_id
    where
        s.session_id is not null
        and (v_location_ids is null or s.branch_id = any(v_location_ids));
end;
$$;
