-- _visit_query: SQL text that turns whole sessions into evidence in fact_new. Parameters: $1
-- tenant, $2 and $3 first and last day of any touched session, $4 the minimum of page views, $5 the
-- words for nothing.
--
-- Definition  Sessions of a known contact or company with enough page views; bounced sessions of a
--             known contact and sessions with a successful search, if they viewed a product. Hidden
--             customers are left out. Dated by the first event. items: the distinct items viewed,
--             {item_id, item_name, category, price, views}; the price is the last one shown, by
--             instant, batch and place.
-- Called by   sql/functions/derive/_derive_visits.sql
create or replace function _visit_query()
returns text
language sql
immutable
as $$
    select '
        insert into fact_new (
            tenant_id, session_key, session_id, position, task_type, kind, subject, fact_ts,
            event_date, user_pseudo_id, contact_id, company_id, branch_id, currency, page_views,
            is_bounce, items, row_hash
        )
        with visits as (
            select s.*
            from session_new as s
            where
                s.visitor_id is not null
                and (
                    (s.page_views >= $4 and coalesce(s.contact_id, s.company_id) is not null)
                    or (
                        s.item_views > 0
                        and (s.searches > 0 or (s.is_bounce and s.contact_id is not null))
                    )
                )
        ),
        ' || _viewed_query() || '
        finished as (
            select
                $1 as tenant_id, s.session_key, s.session_id, 0 as position, ''visit'' as task_type,
                ''visit'' as kind,
                coalesce(
                    ''c:'' || s.contact_id, ''k:'' || s.company_id, ''d:'' || s.user_pseudo_id
                ) as subject,
                s.first_ts, s.session_date, s.user_pseudo_id, s.contact_id, s.company_id,
                s.branch_id, coalesce(l.currency, '''') as currency, s.page_views, s.is_bounce,
                coalesce(l.items, ''[]'') as items
            from visits as s
            left join listed as l
                on l.session_key = s.session_key and l.session_id = s.session_id
        )
        select f.*, hash_record_extended(f, 0)
        from finished as f'
$$;
