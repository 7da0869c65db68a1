-- _derive_clock_hours: the sums of the touched days by hour of the property's clock.
--
-- Definition  Sessions count in the hour of their first event, searches in their own hour. If the
--             time zone setting changed since the hours were derived, every day is derived again.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _derive_clock_hours(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_zone text;
    v_first date;
    v_last date;
begin
    select c.property_time_zone into v_zone
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    insert into clock_zone as z values (p_tenant_id, v_zone)
    on conflict on constraint clock_zone_pkey do update set time_zone = excluded.time_zone
    where z.time_zone <> excluded.time_zone;
    if found then
        insert into touched_day
        select distinct b.event_date
        from branch_day as b
        where b.tenant_id = p_tenant_id
        on conflict do nothing;
        analyze touched_day;
    end if;
    select min(d.event_date), max(d.event_date) into v_first, v_last from touched_day as d;
    delete from clock_hour as h using touched_day as d
    where h.tenant_id = p_tenant_id and h.event_date = d.event_date;
    insert into clock_hour
    select
        p_tenant_id, c.scope, c.event_date, c.local_hour,
        count(*) filter (where c.is_seen),
        count(*) filter (where c.is_seen and c.previous_hour < c.local_hour / 4 * 4),
        count(*) filter (where c.is_seen and c.previous_hour < c.local_hour / 12 * 12),
        sum(c.sessions), sum(c.sessions_with_order), sum(c.searches), sum(c.failed_searches)
    from (
        select
            v.scope, v.event_date, v.local_hour, coalesce(v.previous_hour, -1) as previous_hour,
            v.is_seen, v.sessions, v.sessions_with_order, 0 as searches, 0 as failed_searches
        from _clock_visits(p_tenant_id, v_first, v_last, v_zone) as v
        union all
        select
            b.scope, s.event_date,
            extract(hour from s.event_ts at time zone v_zone)::integer, null,
            false, 0, 0, 1, s.is_failed::integer
        from _clock_searches(p_tenant_id, v_first, v_last) as s
        inner join touched_day as d on d.event_date = s.event_date
        cross join lateral (values ('*'), ('=' || s.branch_id)) as b (scope)
    ) as c
    group by c.scope, c.event_date, c.local_hour
    order by c.scope, c.event_date, c.local_hour;
end;
$$;
