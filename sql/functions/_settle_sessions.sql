-- _settle_sessions: the last contact, company and branch of mixed sessions, companies from the
-- customer file, the entry page, the visitor, and the hash that tells whether a row changed.
--
-- Definition  A session's company is its contact's in the customer file, else the property's.
--             A visitor is the contact, else the device.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/_derive.sql
create or replace function _settle_sessions(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    analyze session_new;
    update session_new as n
    set
        contact_id = m.contact_id,
        company_id = m.company_property,
        branch_id = m.branch_id
    from (
        select distinct on (e.session_key, e.session_id) e.*
        from mixed_event as e
        order by e.session_key, e.session_id, e.position desc
    ) as m
    where n.session_key = m.session_key and n.session_id = m.session_id;
    update session_new as n
    set company_id = u.buying_company_erp_id
    from users as u
    where
        u.tenant_id = p_tenant_id and u.user_id = n.contact_id
        and u.buying_company_erp_id is not null;
    update session_new as n
    set
        entry_url = v.page_url,
        device_category = v.device_category,
        city = v.city,
        country = v.country,
        traffic_source = v.traffic_source,
        traffic_medium = v.traffic_medium
    from (
        select distinct on (p.session_key, p.session_id) p.*
        from page_view as p
        inner join touched_session as t
            on p.session_key = t.session_key and p.session_id = t.session_id
        where
            p.tenant_id = p_tenant_id
            and p.event_date between (select min(s.first_event_date) from session_new as s)
            and (select max(s.last_event_date) from session_new as s)
        order by
            p.session_key, p.session_id, p.event_ts, p.batch_page_id nulls first,
            p.batch_ordering_id nulls first, p.batch_event_index nulls first,
            p.page_url, p.page_title, p.device_category, p.city, p.country,
            p.traffic_source, p.traffic_medium
    ) as v
    where n.session_key = v.session_key and n.session_id = v.session_id;
    update session_new as n
    set visitor_id = coalesce('c:' || n.contact_id, 'd:' || n.user_pseudo_id);
    update session_new as n
    set row_hash = hashtextextended(n::text, 0);
end;
$$;
