-- _clock_searches: every search of a range with its day, instant and branch.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_clock_hours.sql, sql/functions/figures/_count_hours.sql
create or replace function _clock_searches(p_tenant_id uuid, p_start_date date, p_end_date date)
returns table (event_date date, event_ts timestamptz, branch_id text, is_failed boolean)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select f.event_date, f.fact_ts, f.branch_id, f.kind = 'failed_search'
    from fact as f
    where
        f.tenant_id = p_tenant_id and f.task_type = 'search'
        and f.event_date between p_start_date and p_end_date
    union all
    select v.event_date, v.event_ts, coalesce(v.branch_id, ''), false
    from view_search_results as v
    where
        v.tenant_id = p_tenant_id and v.event_date between p_start_date and p_end_date
        and v.session_key is null
        and coalesce(v.user_id, v.company_id, v.user_pseudo_id) is null
    union all
    select n.event_date, n.event_ts, coalesce(n.branch_id, ''), true
    from no_search_results as n
    where
        n.tenant_id = p_tenant_id and n.event_date between p_start_date and p_end_date
        and n.session_key is null
        and coalesce(n.user_id, n.company_id, n.user_pseudo_id) is null;
end;
$$;
