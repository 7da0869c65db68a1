-- _waiting_tasks: the tasks that wait for somebody now, open or in progress, by the day of their
-- last evidence.
--
-- Definition  Those that My queue shows a member of p_scope: at its branches, or of customers shown
--             whole. Leaves out carts not yet judged, and customers who are excluded or not to be
--             contacted. p_customer_keys null means every customer. The only definition of waiting
--             for callers that count without a score; _task_source has the one for lists.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/get_team_board.sql, list_held_tasks.sql;
--             app/tasks/queue/queries.py
create or replace function _waiting_tasks(
    p_tenant_id uuid, p_scope member_scope, p_start_date date, p_end_date date,
    p_customer_keys text[], p_now timestamptz
)
returns table (
    task_id uuid, version integer, customer_key text, last_at timestamptz,
    snoozed_until timestamptz
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_types text[] := array(select y.task_type from _task_types() as y);
    v_branches text[] := (p_scope).location_ids;
    v_excluded text[] := _excluded_customers(p_tenant_id) || _silenced_customers(p_tenant_id);
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
    v_whole text[] := case
        when p_customer_keys is not null
            then _whole_customers(p_tenant_id, p_scope, p_customer_keys)
        else _queue_customers(p_tenant_id, p_scope, v_types, p_start_date, p_end_date)
    end;
begin
    return query
    select t.task_id, t.version, t.customer_key, t.last_at, t.snoozed_until
    from task as t
    where
        t.tenant_id = p_tenant_id and t.task_type = any(v_types)
        and t.last_date between p_start_date and p_end_date
        and (p_customer_keys is null or t.customer_key = any(p_customer_keys))
        and (_is_judged(t.task_type, t.last_at, t.ready_at, v_loaded) or not t.is_task)
        and (v_branches is null or t.branch_id = any(v_branches) or t.customer_key = any(v_whole))
        and t.customer_key <> all(v_excluded)
        and coalesce('c:' || t.contact_id, '') <> all(v_excluded)
        and _task_state(
            t.state, t.closed_at, t.fixed_at, t.snoozed_until, t.cool_until, t.last_at,
            t.expires_at, t.touched_at, p_now
        ) in ('open', 'in_progress');
end;
$$;
