-- get_session_history: one page of a session's events, in order.
--
-- Definition  Events of the six stored types, for a session that get_session finds. position counts
--             from 1 by time; purchases come last within an instant. contact_id: the event's own,
--             else the nearest earlier one in the session, else the nearest later one, else the
--             session's. p_after: only events after that position; with p_is_back the p_limit
--             events before it. total: all events of the session.
-- Units       offset_s: seconds since the first event; amount in currency, '' is the reporting
--             currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/customers/history_queries.py
create or replace function get_session_history(
    p_tenant_id uuid, p_scope member_scope, p_session_id text, p_limit integer default 200,
    p_after bigint default 0, p_is_back boolean default false
)
returns table (
    place bigint, event_ts timestamptz, offset_s double precision, event_name text,
    page_url text, contact_id text, label text, item_id text, amount numeric, currency text,
    term text, items jsonb, total bigint
)
language plpgsql
stable
as $$
declare
    v_parts text[] := regexp_match(p_session_id, '^(.*)\.(-?[0-9]{1,18})$');
    v_key bigint := hashtextextended(v_parts[1], v_parts[2]::bigint);
    v_session session;
    v_location_ids text[];
begin
    select s.* into v_session
    from session as s
    where s.tenant_id = p_tenant_id and s.session_key = v_key and s.session_id = p_session_id;
    v_location_ids := _shown_branches(p_tenant_id, p_scope, _session_customer(v_session));
    if v_session.first_ts is null or v_session.branch_id <> all(v_location_ids) then
        return;
    end if;
    return query execute format('
        with events as (
            select
                row_number() over in_order as place,
                count(u.user_id) over in_order as contact_group,
                u.*, count(*) over () as total
            from (%s) as u
            window in_order as (
                order by
                    u.event_ts, u.event_name = ''purchase'', u.batch_page_id nulls first,
                    u.batch_ordering_id nulls first, u.batch_event_index nulls first,
                    u.event_name, u.page_url, u.user_id, u.label, u.term, u.amount, u.items
                rows unbounded preceding
            )
        ),
        named as (
            select
                e.*,
                coalesce(
                    max(e.user_id) over (partition by e.contact_group),
                    first_value(e.user_id) over (order by e.user_id is null, e.place), $10
                ) as contact_id
            from events as e
        ),
        page as (
            select e.*
            from named as e
            where e.place %s $7
            order by e.place %s
            limit $8
        )
        select
            p.place, p.event_ts, extract(epoch from p.event_ts - $6)::double precision,
            p.event_name, p.page_url, p.contact_id, p.label, p.item_id, p.amount, p.currency,
            p.term, _name_items(p.items, $9), p.total
        from page as p
        order by p.place',
        _session_event_query(), case when p_is_back then '<' else '>' end,
        case when p_is_back then 'desc' else 'asc' end
    ) using
        p_tenant_id, v_key, p_session_id, v_session.first_event_date, v_session.last_event_date,
        v_session.first_ts, p_after, p_limit, _nothing_words(p_tenant_id), v_session.contact_id,
        v_location_ids;
end;
$$;
