-- sum_sessions: how many sessions list_sessions has on all pages, and of how many visitors.
--
-- Definition  visitors: distinct contacts, else devices, over those of the sessions with at least one
--             page view; with p_repeat_visitor that is get_dashboard_overview_stats.repeat_visitors.
--             Counted from the sessions themselves, not from the sums of days.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/dashboard/sessions/queries.py
create or replace function sum_sessions(
    p_tenant_id uuid, p_scope member_scope, p_start_date date, p_end_date date,
    p_location_ids text[], p_with_order boolean, p_bounced boolean, p_repeat_visitor boolean,
    p_query text
)
returns table (sessions bigint, visitors bigint)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_branches text[] := _branches_in_scope(p_location_ids, p_scope);
    v_companies text[] := _companies_named(p_tenant_id, p_query);
begin
    return query
    select
        count(*),
        count(distinct s.visitor_id) filter (where s.page_views > 0)
    from _session_rows(
        p_tenant_id, p_start_date, p_end_date, v_branches, p_with_order, p_bounced,
        p_repeat_visitor, v_companies
    ) as s;
end;
$$;
