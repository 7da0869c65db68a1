-- _resolve_mixed: the identity of each event of a mixed session, into mixed_event.
--
-- Definition  The event's own contact, company and branch, else the nearest earlier in its session,
--             else the nearest later. Events are ordered by instant, batch, then all remaining
--             columns; within an instant an order comes after other events. A session part,
--             aggregated over events of all kinds, comes last at its last instant, with the last
--             identity seen.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql, sql/functions/derive/_derive_orders.sql
create or replace function _resolve_mixed(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_events text;
    v_first date;
    v_last date;
begin
    if not exists (select from mixed_session) then
        return;
    end if;
    analyze mixed_session;
    select min(m.first_event_date), max(m.last_event_date) into v_first, v_last
    from mixed_session as m;
    select string_agg(format(
        'select e.tableoid as source, e.ctid as source_row, m.session_key, m.session_id,
            %s as event_ts, %s as rank, e.batch_page_id, e.batch_ordering_id, e.batch_event_index,
            e.event_name, e.page_url, e.user_id, e.company_id, e.branch_id
        from mixed_session as m
        inner join %I as e
            on
                e.session_key = m.session_key and e.session_id = m.session_id
                and e.event_date between m.first_event_date and m.last_event_date
        where e.tenant_id = $1 and e.event_date between $2 and $3', t.event_ts, t.rank, t.event_type
    ), ' union all ')
    into v_events
    from (values
        ('purchase', 'e.event_ts', '(e.event_name = ''purchase'')::integer'),
        ('add_to_cart', 'e.event_ts', '0'), ('page_view', 'e.event_ts', '0'),
        ('view_item', 'e.event_ts', '0'), ('view_search_results', 'e.event_ts', '0'),
        ('no_search_results', 'e.event_ts', '0'), ('session_part', 'e.last_ts', '2')
    ) as t (event_type, event_ts, rank);
    execute '
        insert into mixed_event
        select
            source, source_row, session_key, session_id, position,
            coalesce(
                max(user_id) over (partition by session_key, session_id, contact_group),
                first_value(user_id) over (
                    partition by session_key, session_id
                    order by user_id is null, position
                )
            ),
            coalesce(
                max(company_id) over (partition by session_key, session_id, company_group),
                first_value(company_id) over (
                    partition by session_key, session_id
                    order by company_id is null, position
                )
            ),
            coalesce(
                max(branch_id) over (partition by session_key, session_id, branch_group),
                first_value(branch_id) over (
                    partition by session_key, session_id
                    order by branch_id is null, position
                ), ''''
            )
        from (
            select
                e.*, row_number() over in_order as position,
                count(user_id) over in_order as contact_group,
                count(company_id) over in_order as company_group,
                count(branch_id) over in_order as branch_group
            from (' || v_events || ') as e
            window in_order as (
                partition by session_key, session_id
                order by
                    event_ts, rank, batch_page_id nulls first,
                    batch_ordering_id nulls first, batch_event_index nulls first,
                    event_name, page_url, user_id, company_id, branch_id, source, source_row
                rows unbounded preceding
            )
        ) as ordered' using p_tenant_id, v_first, v_last;
    truncate mixed_session;
    analyze mixed_event;
end;
$$;
