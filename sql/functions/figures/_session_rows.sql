-- _session_rows: the sessions that figures count, narrowed as a list of them is.
--
-- Definition  Sessions of the range by the day of their first event, of visitors who are not hidden.
--             p_with_order, p_bounced and p_repeat_visitor leave only those when true; a repeat
--             visitor has at least two sessions among the range and branches, and a page view in
--             one of them. p_companies, if not null, leaves only sessions of these companies.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/list_sessions.sql, sum_sessions.sql; inlined there
create or replace function _session_rows(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[],
    p_with_order boolean, p_bounced boolean, p_repeat_visitor boolean, p_companies text[]
)
returns setof session
language sql
stable
as $$
    select s.*
    from session as s
    where
        s.tenant_id = p_tenant_id and s.session_date between p_start_date and p_end_date
        and s.visitor_id is not null
        and (p_location_ids is null or s.branch_id = any(p_location_ids))
        and (not p_bounced or s.is_bounce)
        and (p_companies is null or s.company_id = any(p_companies))
        and (not p_with_order or exists (
            select from shop_order as o
            where
                o.tenant_id = p_tenant_id and o.session_key = s.session_key
                and o.session_id = s.session_id
        ))
        and (not p_repeat_visitor or s.visitor_id in (
            select v.visitor_id
            from session as v
            where
                v.tenant_id = p_tenant_id and v.session_date between p_start_date and p_end_date
                and v.visitor_id is not null
                and (p_location_ids is null or v.branch_id = any(p_location_ids))
            group by v.visitor_id
            having count(*) > 1 and max(v.page_views) > 0
        ))
$$;
