-- _count_hours: the same as _hour_sums, counted from sessions and searches.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/_hour_sums.sql
create or replace function _count_hours(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_hours integer,
    p_location_ids text[], p_zone text
)
returns table (
    bucket timestamp, sessions bigint, visitors bigint, sessions_with_order bigint,
    searches bigint, failed_searches bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
begin
    return query
    with marks as (
        select
            s.session_date as mark_date, s.first_ts as mark_ts, 1 as sessions,
            case when s.page_views > 0 then s.visitor_id end as visitor_id,
            (o.session_id is not null)::integer as with_order, 0 as searches, 0 as failed
        from session as s
        left join (
            select distinct w.session_key, w.session_id
            from shop_order as w
            where w.tenant_id = p_tenant_id and w.session_id is not null
        ) as o on o.session_key = s.session_key and o.session_id = s.session_id
        where
            s.tenant_id = p_tenant_id and s.session_date between p_start_date and p_end_date
            and s.visitor_id is not null
            and (p_location_ids is null or s.branch_id = any(p_location_ids))
        union all
        select c.event_date, c.event_ts, 0, null, 0, 1, c.is_failed::integer
        from _clock_searches(p_tenant_id, p_start_date, p_end_date) as c
        where p_location_ids is null or c.branch_id = any(p_location_ids)
    )
    select
        m.mark_date + make_interval(
            hours => extract(hour from m.mark_ts at time zone p_zone)::integer
            / p_hours * p_hours
        ),
        sum(m.sessions), count(distinct m.visitor_id), sum(m.with_order), sum(m.searches),
        sum(m.failed)
    from marks as m
    group by 1;
end;
$$;
