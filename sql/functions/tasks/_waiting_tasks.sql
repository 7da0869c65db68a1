-- _waiting_tasks: the tasks that wait for somebody now, open or in progress, by the day of their
-- last evidence.
--
-- Definition  At these branches (null means every branch), or of customers shown whole. Leaves out
--             carts not yet judged, and customers in p_excluded (contacts first). The only
--             definition of waiting for callers that count without a score; _task_source has the
--             one for lists.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/get_team_board.sql, list_held_tasks.sql; inlined there.
--             app/tasks/queue/queries.py
create or replace function _waiting_tasks(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_branches text[], p_whole text[],
    p_excluded text[], p_loaded tstzmultirange, p_now timestamptz
)
returns setof task
language sql
stable
as $$
    select t.*
    from task as t
    where
        t.tenant_id = p_tenant_id
        and t.task_type = any(array(select y.task_type from _task_types() as y))
        and t.last_date between p_start_date and p_end_date
        and (_is_judged(t.task_type, t.last_at, t.ready_at, p_loaded) or not t.is_task)
        and (
            p_branches is null or t.branch_id = any(p_branches) or t.customer_key = any(p_whole)
        )
        and t.customer_key <> all(p_excluded)
        and coalesce('c:' || t.contact_id, '') <> all(p_excluded)
        and _task_state(
            t.state, t.closed_at, t.fixed_at, t.snoozed_until, t.cool_until, t.last_at,
            t.expires_at, t.touched_at, p_now
        ) in ('open', 'in_progress')
$$;
