-- get_work_by_branch: what became of the tasks of some days, by branch.
--
-- Definition  made: tasks that became ready on these days in the tenant's zone; worked: those with
--             a step by a person that was not undone (assignments do not count); left: the others.
--             won, will_order_later, no_answer, not_interested, not_relevant: outcomes entered on
--             these days and not undone, whenever the task was made. first_action_hours: the median
--             from ready to first step of those worked. Excluded customers are left out.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/email/message/digest.py
create or replace function get_work_by_branch(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[] default null
)
returns table (
    branch_id text, made bigint, worked bigint, won bigint, will_order_later bigint,
    no_answer bigint, not_interested bigint, not_relevant bigint,
    first_action_hours double precision
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_zone text := (select c.time_zone from tenant_config as c where c.tenant_id = p_tenant_id);
    v_from timestamptz := p_start_date::timestamp at time zone v_zone;
    v_to timestamptz := (p_end_date + 1)::timestamp at time zone v_zone;
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
    v_excluded text[] := _excluded_customers(p_tenant_id);
begin
    return query
    with steps as (
        select h.task_id, h.outcome, h.happened_at
        from task_history as h
        where
            h.tenant_id = p_tenant_id and h.happened_at >= v_from and h.via <> 'job'
            and h.action not in ('assign', 'undo')
            and not exists (
                select
                from task_history as u
                where
                    u.tenant_id = p_tenant_id and u.task_id = h.task_id
                    and u.undoes = h.history_id
            )
    ),
    tasks as (
        select t.task_id, t.branch_id, t.ready_at
        from task as t
        where
            t.tenant_id = p_tenant_id and t.is_task
            and _is_judged(t.task_type, t.last_at, t.ready_at, v_loaded)
            and (p_location_ids is null or t.branch_id = any(p_location_ids))
            and t.customer_key <> all(v_excluded)
            and coalesce('c:' || t.contact_id, '') <> all(v_excluded)
    ),
    made as (
        select
            t.branch_id, count(*) as made, count(f.first_at) as worked,
            percentile_cont(0.5) within group (
                order by
                    greatest(extract(epoch from f.first_at - t.ready_at), 0)::double precision / 3600
            ) filter (where f.first_at is not null) as first_action_hours
        from tasks as t
        left join (
            select s.task_id, min(s.happened_at) as first_at from steps as s group by s.task_id
        ) as f on f.task_id = t.task_id
        where t.ready_at >= v_from and t.ready_at < v_to
        group by t.branch_id
    ),
    outcomes as (
        select
            t.branch_id, count(*) filter (where s.outcome = 'won') as won,
            count(*) filter (where s.outcome = 'will_order_later') as will_order_later,
            count(*) filter (where s.outcome = 'no_answer') as no_answer,
            count(*) filter (where s.outcome = 'not_interested') as not_interested,
            count(*) filter (where s.outcome = 'not_relevant') as not_relevant
        from steps as s
        inner join tasks as t on t.task_id = s.task_id
        where s.happened_at < v_to and s.outcome is not null
        group by t.branch_id
    )
    select
        coalesce(m.branch_id, o.branch_id), coalesce(m.made, 0), coalesce(m.worked, 0),
        coalesce(o.won, 0), coalesce(o.will_order_later, 0), coalesce(o.no_answer, 0),
        coalesce(o.not_interested, 0), coalesce(o.not_relevant, 0), m.first_action_hours
    from made as m
    full join outcomes as o on o.branch_id = m.branch_id
    order by 1;
end;
$$;
