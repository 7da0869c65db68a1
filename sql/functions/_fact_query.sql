-- _fact_query: the statement that reads cart events and searches of the touched sessions into
-- fact_new; $1 tenant, $2 and $3 the first and last day any of them reaches, $4 the hidden
-- customers, whose events are no evidence.
--
-- Called by   sql/functions/_derive_facts.sql
create or replace function _fact_query()
returns text
language sql
immutable
as $$
    select
        'with resolved as (
        select
            e.*,
            row_number() over (
                partition by e.session_key, e.session_id
                order by
                    e.event_ts, e.batch_page_id nulls first, e.batch_ordering_id nulls first,
                    e.batch_event_index nulls first, e.event_name, e.page_url, e.source_items,
                    e.term, e.user_id, e.company_id, e.branch_id, e.item_position
            ) as position,
            case when m.source is null then s.contact_id else m.contact_id end as contact_id,
            case when m.source is null then s.company_id else m.company_property end
                as session_company,
            case when m.source is null then s.branch_id else m.branch_id end as event_branch
        from (
            select
                a.tableoid as source, a.ctid as source_row, a.session_key, a.session_id,
                a.event_ts, a.event_date, a.event_name, a.batch_page_id, a.batch_ordering_id,
                a.batch_event_index, a.user_pseudo_id, a.page_url, a.user_id, a.company_id,
                a.branch_id, a.items_json::text as source_items, ''cart'' as task_type,
                case a.event_name
                    when ''add_to_cart'' then ''add''
                    when ''remove_from_cart'' then ''remove'' else ''checkout''
                end as event_kind,
                i.item, i.item_position, _currency_code(a.currency) as currency, null as term
            from add_to_cart as a
            inner join touched_session as t
                on a.session_key = t.session_key and a.session_id = t.session_id
            left join lateral jsonb_array_elements(a.items_json)
                with ordinality as i (item, item_position)
                on a.event_name <> ''begin_checkout''
            where a.tenant_id = $1 and a.event_date between $2 and $3
            ' || string_agg(format('
            union all
            select
                v.tableoid, v.ctid, v.session_key, v.session_id, v.event_ts, v.event_date,
                v.event_name, v.batch_page_id, v.batch_ordering_id, v.batch_event_index,
                v.user_pseudo_id, v.page_url, v.user_id, v.company_id, v.branch_id, null,
                ''search'', %L, null, null, '''', v.term
            from %I as v
            inner join touched_session as t
                on v.session_key = t.session_key and v.session_id = t.session_id
            where v.tenant_id = $1 and v.event_date between $2 and $3', s.kind, s.event_type
        ), '') || ') as e
        inner join session_new as s
            on s.session_key = e.session_key and s.session_id = e.session_id
        left join mixed_event as m on m.source = e.source and m.source_row = e.source_row
        ),
        named as (
            select
                r.*,
                case
                    when r.item is null or _item_quantity(r.item) > 0 then r.event_kind
                    when r.event_kind = ''add'' then ''remove''
                    else ''add''
                end as kind,
                coalesce(u.buying_company_erp_id, r.session_company) as known_company
            from resolved as r
            left join users as u on u.tenant_id = $1 and u.user_id = r.contact_id
        ),
        finished as (
            select
                $1 as tenant_id, n.session_key, n.session_id, n.position, n.task_type, n.kind,
                coalesce(
                    ''c:'' || n.contact_id, ''k:'' || n.known_company, ''d:'' || n.user_pseudo_id
                ) as subject,
                n.event_ts, n.event_date, n.batch_page_id, n.batch_ordering_id,
                n.batch_event_index, n.user_pseudo_id, n.contact_id, n.known_company,
                n.event_branch,
                _item_key(n.item) as item_key, n.item ->> ''item_id'', n.item ->> ''item_name'',
                case when n.kind = ''add'' then _item_number(n.item -> ''price'') end as price,
                case when n.item is not null then abs(_item_quantity(n.item)) end as quantity,
                n.currency, n.term
            from named as n
            where
                (''c:'' || n.contact_id = any($4)) is not true
                and (''k:'' || n.known_company = any($4)) is not true
        )
        insert into fact_new
        select f.*, hash_record_extended(f, 0)
        from finished as f'
    from (values ('search', 'view_search_results'), ('failed_search', 'no_search_results'))
        as s (kind, event_type)
$$;
