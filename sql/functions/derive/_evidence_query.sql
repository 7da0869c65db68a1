-- _evidence_query: SQL text that reads the cart events and searches of the touched sessions and,
-- for the touched days, those without a session but with a contact, company or device. Parameters:
-- $1 tenant, $2 and $3 first and last day of any session, $5 the touched days, $6 the words for
-- nothing.
--
-- Called by   sql/functions/derive/_fact_query.sql
create or replace function _evidence_query()
returns text
language sql
immutable
as $$
    select string_agg(format(
        'select
            e.tableoid as source, e.ctid as source_row, t.session_key, t.session_id,
            %s as has_session, e.event_ts, e.event_date, e.event_name, e.batch_page_id,
            e.batch_ordering_id, e.batch_event_index, e.user_pseudo_id, e.page_url, e.user_id,
            e.company_id, e.branch_id, %s
        from %I as e
        inner join touched_session as t on %s
        %s
        where e.tenant_id = $1 and e.event_date %s',
        p.has_session, s.columns, s.event_type, p.place, s.items, p.days
    ), ' union all ')
    from (values
        (
            'add_to_cart',
            'e.items_json::text as source_items, ''cart'' as task_type,
            case e.event_name
                when ''add_to_cart'' then ''add''
                when ''remove_from_cart'' then ''remove'' else ''checkout''
            end as event_kind,
            i.item, i.item_position, _currency_code(e.currency, $6) as currency, null as term',
            'left join lateral jsonb_array_elements(e.items_json)
                with ordinality as i (item, item_position)
                on e.event_name <> ''begin_checkout'''
        ),
        (
            'view_search_results',
            'null, ''search'', ''search'', null::jsonb, null::bigint, '''', e.term', ''
        ),
        (
            'no_search_results',
            'null, ''search'', ''failed_search'', null::jsonb, null::bigint, '''', e.term', ''
        )
    ) as s (event_type, columns, items)
    cross join (values
        (
            'true', 'e.session_key = t.session_key and e.session_id = t.session_id',
            'between $2 and $3'
        ),
        (
            'false',
            'e.session_key is null and t.session_id = _sessionless_id(e.event_date)
                and coalesce(e.user_id, e.company_id, e.user_pseudo_id) is not null',
            '= any($5)'
        )
    ) as p (has_session, place, days)
$$;
