-- get_work_by_branch: what became of the customers whose tasks some days made, by branch.
--
-- Definition  made: customers with a task that became ready on these days in the tenant's zone;
--             worked: those with a step by a person on such a task since; left: the others. won,
--             will_order_later, no_answer, not_interested, not_relevant: outcomes entered on these
--             days, once per customer and day, whenever the task was made. Steps as in
--             _person_steps. A customer counts at the branch of its latest task of the days.
--             first_action_hours: the median from a task's becoming ready to its first step.
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
    with steps as materialized (
        select s.* from _person_steps(p_tenant_id, v_from, null, p_location_ids) as s
    ),
    tasks as (
        select t.customer_key, t.branch_id, t.ready_at, t.task_id, f.first_at
        from task as t
        left join (
            select s.task_id, min(s.happened_at) as first_at from steps as s group by s.task_id
        ) as f on f.task_id = t.task_id
        where
            t.tenant_id = p_tenant_id and t.is_task
            and t.ready_at >= v_from and t.ready_at < v_to
            and _is_judged(t.task_type, t.last_at, t.ready_at, v_loaded)
            and (p_location_ids is null or t.branch_id = any(p_location_ids))
            and t.customer_key <> all(v_excluded)
            and coalesce('c:' || t.contact_id, '') <> all(v_excluded)
    ),
    customers as (
        select
            t.customer_key, count(t.first_at) > 0 as is_worked,
            (array_agg(t.branch_id order by t.ready_at desc, t.task_id))[1] as branch_id
        from tasks as t
        group by t.customer_key
    ),
    made as (
        select c.branch_id, count(*) as made, count(*) filter (where c.is_worked) as worked
        from customers as c
        group by c.branch_id
    ),
    pace as (
        select
            c.branch_id,
            percentile_cont(0.5) within group (
                order by
                    greatest(extract(epoch from t.first_at - t.ready_at), 0)::double precision
                    / 3600
            ) as first_action_hours
        from tasks as t
        inner join customers as c on c.customer_key = t.customer_key
        where t.first_at is not null
        group by c.branch_id
    ),
    entered as (
        select
            s.customer_key, s.outcome, s.local_day,
            coalesce(
                min(c.branch_id),
                (array_agg(s.branch_id order by s.happened_at desc, s.task_id))[1]
            ) as branch_id
        from steps as s
        left join customers as c on c.customer_key = s.customer_key
        where s.outcome is not null and s.happened_at < v_to
        group by s.customer_key, s.outcome, s.local_day
    ),
    outcomes as (
        select
            e.branch_id, count(*) filter (where e.outcome = 'won') as won,
            count(*) filter (where e.outcome = 'will_order_later') as will_order_later,
            count(*) filter (where e.outcome = 'no_answer') as no_answer,
            count(*) filter (where e.outcome = 'not_interested') as not_interested,
            count(*) filter (where e.outcome = 'not_relevant') as not_relevant
        from entered as e
        group by e.branch_id
    )
    select
        b.branch_id, coalesce(m.made, 0), coalesce(m.worked, 0), coalesce(o.won, 0),
        coalesce(o.will_order_later, 0), coalesce(o.no_answer, 0), coalesce(o.not_interested, 0),
        coalesce(o.not_relevant, 0), p.first_action_hours
    from (
        select m.branch_id from made as m union select o.branch_id from outcomes as o
    ) as b
    left join made as m on m.branch_id = b.branch_id
    left join outcomes as o on o.branch_id = b.branch_id
    left join pace as p on p.branch_id = b.branch_id
    order by 1;
end;
$$;
