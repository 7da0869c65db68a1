-- get_team_board: a row for each rep, each account owner who is no member, and each branch whose
-- customers are nobody's.
--
-- Definition  holder, owner, account_owner and branch_id as in _customer_owners; branch_id only
--             where a customer is nobody's. customers: cards of My queue with this holder, for the
--             same scope and days; open_tasks: the tasks on them; overdue: the customers with a
--             promised call-back due. worked, won, first_action_hours: as in _team_work, from
--             p_since until before p_until.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/board/queries.py
create or replace function get_team_board(
    p_tenant_id uuid, p_scope member_scope, p_start_date date, p_end_date date,
    p_since timestamptz, p_until timestamptz default null, p_now timestamptz default now()
)
returns table (
    holder text, owner text, account_owner text, branch_id text, customers bigint,
    open_tasks bigint, overdue bigint, worked bigint, won bigint,
    first_action_hours double precision
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    with waiting as (
        select
            t.customer_key, count(*) as open_tasks, bool_or(t.snoozed_until is not null) as is_due
        from _waiting_tasks(
            p_tenant_id, p_scope, p_start_date, p_end_date, null, p_now
        ) as t
        group by t.customer_key
    ),
    stock as (
        select
            o.holder, o.owner, o.account_owner,
            case when left(o.holder, 1) = '-' then o.branch_id end as branch_id,
            count(*) as customers, sum(w.open_tasks)::bigint as open_tasks,
            count(*) filter (where w.is_due) as overdue
        from waiting as w
        inner join _customer_owners(p_tenant_id) as o on o.customer_key = w.customer_key
        group by 1, 2, 3, 4
    )
    select
        coalesce(s.holder, w.done_by), coalesce(s.owner, w.done_by), s.account_owner, s.branch_id,
        coalesce(s.customers, 0), coalesce(s.open_tasks, 0), coalesce(s.overdue, 0),
        coalesce(w.worked, 0), coalesce(w.won, 0), w.first_action_hours
    from stock as s
    full join _team_work(p_tenant_id, p_since, p_until, (p_scope).location_ids) as w
        on w.done_by = s.owner
    order by 2 nulls last, 3 nulls last, 4;
end;
$$;
