-- _clock_visits: one row per visitor and hour of the touched days, for all branches ('*') and for
-- each branch.
--
-- Definition  is_seen: has a page view. previous_hour: the previous hour with a page view on the
--             same day and in the same scope, null if none.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_clock_hours.sql
create or replace function _clock_visits(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_zone text
)
returns table (
    scope text, event_date date, local_hour integer, previous_hour integer, is_seen boolean,
    sessions bigint, sessions_with_order bigint
)
language plpgsql
stable
as $$
begin
    return query
    with visits as (
        select
            b.scope, s.session_date, s.visitor_id,
            extract(hour from s.first_ts at time zone p_zone)::integer as local_hour,
            bool_or(s.page_views > 0) as is_seen, count(*) as sessions,
            count(o.session_id) as with_order
        from touched_day as d
        inner join session as s on s.session_date = d.event_date
        cross join lateral (values ('*'), ('=' || s.branch_id)) as b (scope)
        left join (
            select distinct w.session_key, w.session_id
            from shop_order as w
            where w.tenant_id = p_tenant_id and w.session_id is not null
        ) as o on o.session_key = s.session_key and o.session_id = s.session_id
        where
            s.tenant_id = p_tenant_id and s.session_date between p_start_date and p_end_date
            and s.visitor_id is not null
        group by 1, 2, 3, 4
    )
    select
        v.scope, v.session_date, v.local_hour,
        max(v.local_hour) filter (where v.is_seen) over (
            partition by v.visitor_id, v.session_date, v.scope order by v.local_hour
            rows between unbounded preceding and 1 preceding
        ),
        v.is_seen, v.sessions, v.with_order
    from visits as v;
end;
$$;
