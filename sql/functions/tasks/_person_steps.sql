-- _person_steps: the steps that people took on tasks of these days, without what was undone.
--
-- Definition  Assignments and steps of jobs are no work. From p_since until before p_until (null:
--             no end). At branches of p_location_ids, null for every branch; without excluded
--             customers. local_day: the day in the tenant's zone. is_first: nobody worked on the
--             task before.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/_team_work.sql, get_work_by_branch.sql
create or replace function _person_steps(
    p_tenant_id uuid, p_since timestamptz, p_until timestamptz, p_location_ids text[]
)
returns table (
    task_id uuid, customer_key text, branch_id text, ready_at timestamptz, done_by text,
    outcome text, happened_at timestamptz, local_day date, is_first boolean
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_zone text := (select c.time_zone from tenant_config as c where c.tenant_id = p_tenant_id);
    v_excluded text[] := _excluded_customers(p_tenant_id);
begin
    return query
    with steps as (
        select
            h.task_id, t.customer_key, t.branch_id, t.ready_at, lower(h.done_by) as done_by,
            h.outcome, h.happened_at, (h.happened_at at time zone v_zone)::date as local_day,
            row_number() over (partition by h.task_id order by h.happened_at, h.history_id) = 1
                as is_first
        from _standing_steps(p_tenant_id) as h
        inner join task as t on t.tenant_id = p_tenant_id and t.task_id = h.task_id
        where
            h.via <> 'job' and h.action not in ('assign', 'undo')
            and (p_location_ids is null or t.branch_id = any(p_location_ids))
            and t.customer_key <> all(v_excluded)
            and coalesce('c:' || t.contact_id, '') <> all(v_excluded)
    )
    select s.*
    from steps as s
    where s.happened_at >= p_since and (p_until is null or s.happened_at < p_until);
end;
$$;
