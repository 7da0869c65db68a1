-- _fact_query: SQL text that reads cart events and searches of the touched sessions into fact_new.
-- Parameters: $1 to $3, $5 and $6 as in _evidence_query, $4 the hidden customers, whose events are
-- no evidence.
--
-- Definition  An event without a session keeps its own contact, company and branch.
-- Called by   sql/functions/derive/_derive_facts.sql
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
                    e.term, e.user_id, e.company_id, e.branch_id, e.user_pseudo_id,
                    e.item_position
            ) as position,
            case
                when not e.has_session then e.user_id
                when m.source is null then s.contact_id else m.contact_id
            end as contact_id,
            case
                when not e.has_session then e.company_id
                when m.source is null then s.company_id else m.company_property
            end as session_company,
            case
                when not e.has_session then coalesce(e.branch_id, '''')
                when m.source is null then s.branch_id else m.branch_id
            end as event_branch
        from (' || _evidence_query() || ') as e
        left join session_new as s
            on s.session_key = e.session_key and s.session_id = e.session_id
        left join mixed_event as m on m.source = e.source and m.source_row = e.source_row
        where s.session_id is not null or not e.has_session
        ),
        named as (
            select
                r.*,
                case
                    when r.item is null or _item_quantity(r.item) > 0 then r.event_kind
                    when r.event_kind = ''add'' then ''remove''
                    else ''add''
                end as kind,
                coalesce(u.buying_company_erp_id, r.session_company) as known_company,
                _item_text(r.item, ''item_id'', $6) as item_id,
                _item_text(r.item, ''item_name'', $6) as item_name
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
                n.event_branch, coalesce(''i:'' || n.item_id, ''n:'' || n.item_name) as item_key,
                n.item_id, n.item_name,
                case when n.kind = ''add'' then _item_number(n.item -> ''price'') end as price,
                case when n.item is not null then abs(_item_quantity(n.item)) end as quantity,
                n.currency, n.term
            from named as n
            where
                (''c:'' || n.contact_id = any($4)) is not true
                and (''k:'' || n.known_company = any($4)) is not true
        )
        insert into fact_new (
            tenant_id, session_key, session_id, position, task_type, kind, subject, fact_ts,
            event_date, batch_page_id, batch_ordering_id, batch_event_index, user_pseudo_id,
            contact_id, company_id, branch_id, item_key, item_id, item_name, price, quantity,
            currency, term, row_hash, has_session
        )
        select
            f.*, hash_record_extended(f, 0), f.session_id <> _sessionless_id(f.event_date)
        from finished as f'
$$;
