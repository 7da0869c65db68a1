-- _settle_sessions: session_new, the finished rows of session_found.
--
-- Definition  A mixed session takes the last contact, company and branch of its events. A session's
--             company is its contact's in the customer file, else the event property's. The visitor
--             is the contact, else the device; sessions of hidden customers have none. The entry
--             page is the first page view. Source, medium and campaign come from the first part
--             with a source, else direct; null if no part was loaded. Engagement is the sum over
--             the parts. row_hash shows whether a row changed.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _settle_sessions(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_hidden text[] := _hidden_customers(p_tenant_id);
begin
    analyze session_found;
    insert into session_new
    with entry as (
        select distinct on (p.session_key, p.session_id)
            p.session_key, p.session_id, p.page_url, p.device_category, p.city, p.country
        from page_view as p
        inner join session_found as f
            on
                f.session_key = p.session_key and f.session_id = p.session_id
                and f.first_view_ts = p.event_ts
        where
            p.tenant_id = p_tenant_id
            and p.event_date between (select min(s.first_event_date) from session_found as s)
            and (select max(s.last_event_date) from session_found as s)
        order by
            p.session_key, p.session_id, p.batch_page_id nulls first,
            p.batch_ordering_id nulls first, p.batch_event_index nulls first,
            p.page_url, p.page_title, p.device_category, p.city, p.country
    ),
    origins as (
        select distinct on (p.session_key, p.session_id)
            p.session_key, p.session_id, p.source, p.medium, p.campaign, p.device_category,
            p.country, sum(p.engagement_ms) over (partition by p.session_key, p.session_id)
            as engagement_ms
        from session_part as p
        inner join session_found as f
            on f.session_key = p.session_key and f.session_id = p.session_id
        where
            p.tenant_id = p_tenant_id
            and p.event_date between (select min(s.first_event_date) from session_found as s)
            and (select max(s.last_event_date) from session_found as s)
        order by p.session_key, p.session_id, p.source is null, p.event_date
    ),
    latest as (
        select distinct on (e.session_key, e.session_id) e.*
        from mixed_event as e
        order by e.session_key, e.session_id, e.position desc
    ),
    known as (
        select
            f.*, case when m.source is null then f.contact_id else m.contact_id end as contact,
            case when m.source is null then f.company_id else m.company_property end as company,
            case when m.source is null then f.branch_id else m.branch_id end as branch
        from session_found as f
        left join latest as m on m.session_key = f.session_key and m.session_id = f.session_id
    ),
    settled as (
        select
            k.tenant_id, k.session_key, k.session_id, k.user_pseudo_id, k.ga_session_id,
            k.session_date, k.first_ts, k.last_ts, k.first_event_date, k.last_event_date,
            case
                when 'c:' || k.contact = any(v_hidden) then null
                when 'k:' || coalesce(u.buying_company_erp_id, k.company) = any(v_hidden) then null
                else coalesce('c:' || k.contact, 'd:' || k.user_pseudo_id)
            end as visitor_id,
            k.contact, coalesce(u.buying_company_erp_id, k.company) as company_id,
            k.branch, k.is_mixed, k.page_views, k.item_views, k.cart_events, k.purchases,
            k.searches, k.failed_searches, k.is_bounce, e.page_url,
            coalesce(e.device_category, o.device_category) as device_category, e.city,
            coalesce(e.country, o.country) as country,
            case when o.session_id is not null then coalesce(o.source, '(direct)') end
            as traffic_source,
            case
                when o.source is not null then coalesce(o.medium, '(not set)')
                when o.session_id is not null then '(none)'
            end as traffic_medium,
            o.campaign, o.engagement_ms::bigint as engagement_ms
        from known as k
        left join users as u on u.tenant_id = p_tenant_id and u.user_id = k.contact
        left join entry as e on e.session_key = k.session_key and e.session_id = k.session_id
        left join origins as o on o.session_key = k.session_key and o.session_id = k.session_id
    )
    select
        s.tenant_id, s.session_key, s.session_id, s.user_pseudo_id, s.ga_session_id,
        s.session_date, s.first_ts, s.last_ts, s.first_event_date, s.last_event_date,
        s.visitor_id, s.contact, s.company_id, s.branch, s.is_mixed, s.page_views, s.item_views,
        s.cart_events, s.purchases, s.searches, s.failed_searches, s.is_bounce, s.page_url,
        s.device_category, s.city, s.country, s.traffic_source, s.traffic_medium,
        hash_record_extended(s, 0), s.campaign, s.engagement_ms
    from settled as s;
    analyze session_new;
end;
$$;
