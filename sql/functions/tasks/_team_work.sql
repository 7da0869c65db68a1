-- _team_work: what each person did since p_since: tasks worked on and won, and how soon.
--
-- Definition  Steps that were not undone, except assignments. first_action_hours: the median time
--             from ready to first step, over the tasks this person acted on first.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/get_team_board.sql
create or replace function _team_work(
    p_tenant_id uuid, p_since timestamptz, p_location_ids text[]
)
returns table (done_by text, worked bigint, won bigint, first_action_hours double precision)
language plpgsql
stable
as $$
begin
    return query
    with steps as (
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
    )
    select
        s.done_by, count(distinct s.task_id),
        count(distinct s.task_id) filter (where s.action = 'done' and s.outcome = 'won'),
        percentile_cont(0.5) within group (
            order by
                greatest(extract(epoch from s.happened_at - s.ready_at), 0)::double precision / 3600
        ) filter (where s.nth = 1)
    from steps as s
    where s.happened_at >= p_since
    group by s.done_by;
end;
$$;
