-- get_team_board: how every rep stands, and what belongs to nobody, branch by branch.
--
-- Definition  A task's owner is whom it was given to, else the account owner of the customer file,
--             else the rep of the branch of the customer's last order; owner null: nobody, with
--             the branch in branch_id. open: open or in progress; overdue: of these, whose promised
--             call-back is due. worked: tasks a person took a step in since p_since; won: of these,
--             marked won. first_action_hours: the median from a task's being ready to its first
--             step, of the tasks first touched since p_since, told under whoever took it.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/board_queries.py
create or replace function get_team_board(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_since timestamptz,
    p_location_ids text[] default null, p_now timestamptz default now()
)
returns table (
    owner text, branch_id text, open_tasks bigint, overdue bigint, worked bigint, won bigint,
    first_action_hours double precision
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_excluded text[] := _excluded_customers(p_tenant_id) || _silenced_customers(p_tenant_id);
    v_until timestamptz := _loaded_until(p_tenant_id);
begin
    return query
    with reps as (
        select b.branch_id, min(m.email) as email
        from membership as m
        cross join unnest(m.location_ids) as b (branch_id)
        where m.tenant_id = p_tenant_id and m.role = 'rep' and m.is_active
        group by b.branch_id
    ),
    waiting as (
        select
            lower(coalesce(t.owner, t.account_owner, r.email)) as owner, t.owner_branch_id,
            t.snoozed_until is not null as is_overdue
        from task as t
        left join reps as r on r.branch_id = t.owner_branch_id
        where
            t.tenant_id = p_tenant_id and t.last_date between p_start_date and p_end_date
            and (t.ready_at <= v_until or not t.is_task)
            and (p_location_ids is null or t.branch_id = any(p_location_ids))
            and t.customer_key <> all(v_excluded)
            and coalesce('c:' || t.contact_id, '') <> all(v_excluded)
            and _task_state(
                t.state, t.closed_at, t.fixed_at, t.snoozed_until, t.cool_until, t.last_at,
                t.expires_at, t.touched_at, p_now
            ) in ('open', 'in_progress')
    ),
    stock as (
        select
            w.owner, case when w.owner is null then w.owner_branch_id end as branch_id,
            count(*) as open_tasks, count(*) filter (where w.is_overdue) as overdue
        from waiting as w
        group by 1, 2
    ),
    steps as (
        select
            lower(h.done_by) as done_by, h.task_id, h.action, h.outcome, h.happened_at, t.ready_at,
            row_number() over (partition by h.task_id order by h.happened_at, h.history_id) as nth
        from task_history as h
        inner join task as t on t.tenant_id = p_tenant_id and t.task_id = h.task_id
        where
            h.tenant_id = p_tenant_id and h.via <> 'job' and h.action not in ('assign', 'undo')
            and (p_location_ids is null or t.branch_id = any(p_location_ids))
            and not exists (
                select
                from task_history as u
                where
                    u.tenant_id = p_tenant_id and u.task_id = h.task_id
                    and u.undoes = h.history_id
            )
    ),
    work as (
        select
            s.done_by, count(distinct s.task_id) as worked,
            count(distinct s.task_id) filter (
                where s.action = 'done' and s.outcome = 'won'
            ) as won,
            percentile_cont(0.5) within group (
                order by greatest(extract(epoch from s.happened_at - s.ready_at), 0)::double precision
                / 3600
            ) filter (where s.nth = 1) as first_action_hours
        from steps as s
        where s.happened_at >= p_since
        group by s.done_by
    )
    select
        coalesce(s.owner, w.done_by), s.branch_id, coalesce(s.open_tasks, 0),
        coalesce(s.overdue, 0), coalesce(w.worked, 0), coalesce(w.won, 0), w.first_action_hours
    from stock as s
    full join work as w on w.done_by = s.owner
    order by 1 nulls last, 2;
end;
$$;
