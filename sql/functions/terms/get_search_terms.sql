-- get_search_terms: one row per searched term, most failed searches first.
--
-- Definition  failed_searches and found_searches count every search, including cookieless ones, and
--             add up to the dashboard's. sessions and failed_sessions count a session at the day
--             and branch of its first (first failed) search for the term. customers are distinct
--             companies, else contacts, else devices. unconverted: successful searches of sessions
--             without an order. value is failed_sessions × the worth of one (see _task_scale), null
--             if unknown. p_query: part of the term; p_term: exactly one term. p_status: fixed,
--             missing, redirected or undecided. p_sort_field: failed_searches, found_searches,
--             unconverted, failed_sessions, sessions, last_at, term, status; ties by term.
--             total_terms, total_failed and total_found cover all pages.
-- Units       value in the reporting currency; p_end_date is inclusive.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/terms/queries.py
create or replace function get_search_terms(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[] default null,
    p_query text default null, p_status text default null,
    p_sort_field text default 'failed_searches', p_sort_order text default 'desc',
    p_limit integer default 50, p_offset integer default 0, p_term text default null
)
returns table (
    term text, failed_searches bigint, found_searches bigint, failed_sessions bigint,
    sessions bigint, customers bigint, last_at timestamptz, value numeric, unconverted bigint,
    status text, redirect_to text, note text, decided_at timestamptz, decided_by text,
    failed_before bigint, searches_before bigint, failed_after bigint, searches_after bigint,
    total_terms bigint, total_failed bigint, total_found bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_estimate numeric := (select s.estimate from _task_scale(p_tenant_id) as s);
begin
    return query
    with ranked as (
        select
            u.*, d.status, d.redirect_to, d.note, d.decided_at, d.decided_by,
            count(*) over () as total_terms, sum(u.failed) over () as total_failed,
            sum(u.found) over () as total_found,
            case p_sort_field
                when 'failed_searches' then u.failed when 'found_searches' then u.found
                when 'unconverted' then u.unconverted
                when 'failed_sessions' then u.failed_sessions when 'sessions' then u.sessions
                when 'last_at' then extract(epoch from u.last_at)
            end::double precision as amount,
            case p_sort_field when 'term' then u.term when 'status' then d.status end as word
        from _term_sums(
            p_tenant_id, p_start_date, p_end_date, p_location_ids, p_query, p_term
        ) as u
        left join search_term as d on d.tenant_id = p_tenant_id and d.term = u.term
        where p_status is null or coalesce(d.status, 'undecided') = p_status
    ),
    page as materialized (
        select
            r.*,
            row_number() over (
                order by
                    case when p_sort_order = 'desc' then r.amount end desc,
                    case when p_sort_order = 'asc' then r.amount end asc,
                    case when p_sort_order = 'desc' then r.word end desc nulls last,
                    case when p_sort_order = 'asc' then r.word end asc nulls last, r.term
            ) as place
        from ranked as r
        order by place
        limit p_limit offset p_offset
    )
    select
        p.term, p.failed, p.found, p.failed_sessions, p.sessions, coalesce(k.customers, 0),
        p.last_at, p.failed_sessions * v_estimate, p.unconverted, p.status,
        p.redirect_to, p.note, p.decided_at, p.decided_by, w.failed_before, w.searches_before,
        w.failed_after, w.searches_after, p.total_terms, p.total_failed::bigint,
        p.total_found::bigint
    from page as p
    left join _term_customers(
        p_tenant_id, p_start_date, p_end_date, p_location_ids,
        (select array_agg(x.term) from page as x)
    ) as k on k.term = p.term
    left join _term_rates(
        p_tenant_id, p_location_ids,
        (select array_agg(x.term) from page as x where x.status is not null)
    ) as w on w.term = p.term
    order by p.place;
end;
$$;
