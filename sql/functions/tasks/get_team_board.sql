-- get_team_board: each rep's tasks, and the unowned ones by branch.
--
-- Definition  A task's owner is the person its customer was assigned to, else the account owner in
--             the customer file (a member, if exactly one has that name), else the rep of the
--             branch of the customer's last order. owner null: nobody, with the branch in
--             branch_id. open: open or in progress; overdue: those with a promised call-back due.
--             worked, won, first_action_hours: as in _team_work, since p_since.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/board/queries.py
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
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
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
            lower(coalesce(a.owner, n.email, t.account_owner, r.email)) as owner, t.owner_branch_id,
            t.snoozed_until is not null as is_overdue
        from _waiting_tasks(
            p_tenant_id, p_start_date, p_end_date, p_location_ids, v_excluded, v_loaded, p_now
        ) as t
        left join _assigned_owners(p_tenant_id, null) as a
            on a.customer_key = t.customer_key
        left join reps as r on r.branch_id = t.owner_branch_id
        left join _member_names(p_tenant_id) as n on n.called = lower(t.account_owner)
    ),
    stock as (
        select
            w.owner, case when w.owner is null then w.owner_branch_id end as branch_id,
            count(*) as open_tasks, count(*) filter (where w.is_overdue) as overdue
        from waiting as w
        group by 1, 2
    )
    select
        coalesce(s.owner, w.done_by), s.branch_id, coalesce(s.open_tasks, 0),
        coalesce(s.overdue, 0), coalesce(w.worked, 0), coalesce(w.won, 0), w.first_action_hours
    from stock as s
    full join _team_work(p_tenant_id, p_since, p_location_ids) as w on w.done_by = s.owner
    order by 1 nulls last, 2;
end;
$$;
