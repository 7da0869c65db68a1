-- _session_query: SQL text that groups the events of the touched sessions into session_found.
--
-- Definition  $1 tenant, $2 and $3 first and last day of any touched session. kind: 0 a session
--             part, aggregated by the source over events of all kinds; 1 purchase, 2 refund, 3
--             cart, 4 page view, 5 item view, 6 search, 7 failed search. Bounce: not engaged; if no
--             event says, exactly one page view and no other stored event. A session with a
--             purchase is engaged.
-- Called by   sql/functions/derive/_collect_sessions.sql
create or replace function _session_query()
returns text
language sql
immutable
as $$
    select
        'insert into session_found (
            tenant_id, session_key, session_id, user_pseudo_id, ga_session_id, session_date,
            first_ts, last_ts, first_event_date, last_event_date, visitor_id, contact_id,
            company_id, branch_id, is_mixed, page_views, item_views, cart_events, purchases,
            searches, failed_searches, is_bounce, row_hash,
            first_view_ts
        )
        select
            $1, session_key, session_id, min(user_pseudo_id collate "C"), min(ga_session_id),
            min(event_date), min(event_ts), max(last_ts), min(event_date), max(event_date),
            '''', max(user_id collate "C"), max(company_id collate "C"),
            coalesce(max(branch_id collate "C"), ''''),
            min(user_id collate "C") is distinct from max(user_id collate "C")
            or min(company_id collate "C") is distinct from max(company_id collate "C")
            or min(branch_id collate "C") is distinct from max(branch_id collate "C"),
            count(*) filter (where kind = 4), count(*) filter (where kind = 5),
            count(*) filter (where kind = 3), count(*) filter (where kind = 1),
            count(*) filter (where kind = 6), count(*) filter (where kind = 7),
            count(*) filter (where kind = 1) = 0 and not coalesce(
                bool_or(is_engaged),
                count(*) filter (where kind > 0) <> 1 or count(*) filter (where kind = 4) <> 1
            ), 0,
            min(event_ts) filter (where kind = 4)
        from (' || string_agg(format(
            'select e.session_key, e.session_id, e.user_pseudo_id, e.ga_session_id, e.event_ts,
                %s as last_ts, e.event_date, e.user_id, e.company_id, e.branch_id, e.is_engaged, %s as kind
            from %I as e
            inner join touched_session as t
                on e.session_key = t.session_key and e.session_id = t.session_id
            where e.tenant_id = $1 and e.event_date between $2 and $3', s.last_ts, s.kind, s.event_type
        ), ' union all ') || ') as events group by session_key, session_id'
    from (values
        ('session_part', 'e.last_ts', '0'),
        ('purchase', 'e.event_ts', 'case e.event_name when ''refund'' then 2 else 1 end'),
        ('add_to_cart', 'e.event_ts', '3'), ('page_view', 'e.event_ts', '4'),
        ('view_item', 'e.event_ts', '5'), ('view_search_results', 'e.event_ts', '6'),
        ('no_search_results', 'e.event_ts', '7')
    ) as s (event_type, last_ts, kind)
$$;
