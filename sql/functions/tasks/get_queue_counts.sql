-- get_queue_counts: the number of snoozed customers in a queue, and what was done since p_since.
--
-- Definition  snoozed: customers with a snoozed task and last evidence in the range, under the
--             filters of get_task_queue. done: customers with a task marked done since p_since and
--             not undone, by p_done_by, or by anybody if it is null.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/queue/queries.py
create or replace function get_queue_counts(
    p_tenant_id uuid, p_scope member_scope, p_start_date date, p_end_date date,
    p_since timestamptz,
    p_location_ids text[] default null, p_done_by text default null,
    p_holders text[] default null, p_now timestamptz default now()
)
returns table (snoozed bigint, done bigint)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_excluded text[] := _excluded_customers(p_tenant_id) || _silenced_customers(p_tenant_id);
    v_held text[] := _held_customers(p_tenant_id, p_holders);
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
    v_branches text[] := _branches_in_scope(p_location_ids, p_scope);
    v_types text[] := array(select y.task_type from _task_types() as y);
    v_whole text[] := case when p_location_ids is null then _queue_customers(
        p_tenant_id, p_scope, v_types, p_start_date, p_end_date
    ) end;
begin
    return query
    select
        (
            select count(*)
            from (
                select t.customer_key
                from task as t
                where
                    t.tenant_id = p_tenant_id and t.task_type = any(v_types)
                    and t.last_date between p_start_date and p_end_date
                    and (t.snoozed_until > p_now or t.cool_until > p_now)
                    and (_is_judged(t.task_type, t.last_at, t.ready_at, v_loaded) or not t.is_task)
                    and (
                        v_branches is null or t.branch_id = any(v_branches)
                        or t.customer_key = any(v_whole)
                    )
                    and (
                        cardinality(v_excluded) = 0
                        or t.customer_key <> all(v_excluded)
                        and coalesce('c:' || t.contact_id, '') <> all(v_excluded)
                    )
                    and _task_state(
                        t.state, t.closed_at, t.fixed_at, t.snoozed_until, t.cool_until,
                        t.last_at, t.expires_at, t.touched_at, p_now
                    ) = 'snoozed'
                group by t.customer_key
            ) as s
            where p_holders is null or s.customer_key = any(v_held)
        ),
        (
            select count(distinct h.customer_key)
            from _standing_steps(p_tenant_id) as h
            left join task as t on t.tenant_id = p_tenant_id and t.task_id = h.task_id
            where
                h.happened_at >= p_since and h.action = 'done'
                and h.to_state = 'done'
                and (p_done_by is null or h.done_by = p_done_by)
                and (v_branches is null or t.branch_id = any(v_branches))
        );
end;
$$;
