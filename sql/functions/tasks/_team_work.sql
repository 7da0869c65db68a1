-- _team_work: what each person did in these days: customers worked on and won, and how soon.
--
-- Definition  Steps as in _person_steps. won: once per customer and day, for who said so last.
--             first_action_hours: the median time from ready to first step, over the tasks this
--             person acted on first.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/get_team_board.sql
create or replace function _team_work(
    p_tenant_id uuid, p_since timestamptz, p_until timestamptz, p_location_ids text[]
)
returns table (done_by text, worked bigint, won bigint, first_action_hours double precision)
language plpgsql
stable
as $$
begin
    return query
    with steps as materialized (
        select s.* from _person_steps(p_tenant_id, p_since, p_until, p_location_ids) as s
    ),
    wins as (
        select w.done_by, count(*) as won
        from (
            select distinct on (s.customer_key, s.local_day) s.done_by
            from steps as s
            where s.outcome = 'won'
            order by s.customer_key, s.local_day, s.happened_at desc, s.task_id
        ) as w
        group by w.done_by
    )
    select
        s.done_by, count(distinct s.customer_key), coalesce(max(w.won), 0),
        percentile_cont(0.5) within group (
            order by
                greatest(extract(epoch from s.happened_at - s.ready_at), 0)::double precision / 3600
        ) filter (where s.is_first)
    from steps as s
    left join wins as w on w.done_by = s.done_by
    group by s.done_by;
end;
$$;
