-- get_landing_pages: the pages on which sessions began, and how many sessions bounced.
--
-- Definition  A page is the entry address without query and fragment. Pages with fewer than 30
--             landings are left out. bounces: sessions that were not engaged. value is the
--             estimated loss: bounces × conversion of engaged sessions × average order, the latter
--             two over all pages on the same days and branches; null with fewer than 20 engaged
--             sessions. previous_…: the same page in the compared range, null without one. p_query:
--             part of the address. p_sort_field: sessions, bounces, share, value, page; ties by
--             page. total_pages counts all pages of the list.
-- Units       value in the reporting currency; p_end_date is inclusive.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/performance/queries.py
create or replace function get_landing_pages(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[] default null,
    p_compared_start date default null, p_compared_end date default null,
    p_query text default null, p_sort_field text default 'value', p_sort_order text default 'desc',
    p_limit integer default 50, p_offset integer default 0
)
returns table (
    page text,
    sessions bigint,
    bounces bigint,
    value numeric,
    previous_sessions bigint,
    previous_bounces bigint,
    total_pages bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
declare
    v_worth numeric := _bounce_worth(p_tenant_id, p_start_date, p_end_date, p_location_ids);
begin
    return query
    with landed as (
        select
            split_part(split_part(s.entry_url, '#', 1), '?', 1) as page, s.is_bounce,
            s.session_date between p_start_date and p_end_date as is_now,
            coalesce(s.session_date between p_compared_start and p_compared_end, false) as is_before
        from session as s
        where
            s.tenant_id = p_tenant_id
            and s.session_date between least(p_start_date, p_compared_start)
            and greatest(p_end_date, p_compared_end)
            and s.entry_url is not null and s.visitor_id is not null
            and (p_location_ids is null or s.branch_id = any(p_location_ids))
    ),
    sums as (
        select
            n.page, count(*) filter (where n.is_now) as sessions,
            count(*) filter (where n.is_now and n.is_bounce) as bounces,
            count(*) filter (where n.is_before) as previous_sessions,
            count(*) filter (where n.is_before and n.is_bounce) as previous_bounces
        from landed as n
        where p_query is null or strpos(lower(n.page), lower(p_query)) > 0
        group by n.page
        having count(*) filter (where n.is_now) >= 30
    ),
    ranked as (
        select
            u.*, count(*) over () as total_pages,
            case p_sort_field
                when 'sessions' then u.sessions when 'share' then u.bounces::numeric / u.sessions
                when 'bounces' then u.bounces when 'value' then u.bounces
            end as amount,
            case when p_sort_field = 'page' then u.page end as word
        from sums as u
    )
    select
        r.page, r.sessions, r.bounces, r.bounces * v_worth,
        case when p_compared_start is not null then r.previous_sessions end,
        case when p_compared_start is not null then r.previous_bounces end, r.total_pages
    from ranked as r
    order by
        case when p_sort_order = 'desc' then r.amount end desc,
        case when p_sort_order = 'asc' then r.amount end asc,
        case when p_sort_order = 'desc' then r.word end desc, r.page
    limit p_limit offset p_offset;
end;
$$;
