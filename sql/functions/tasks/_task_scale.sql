-- _task_scale: today's factors of scores and estimates.
--
-- Definition  The latest row of task_scale. value_p90 is the 90th percentile of task values above 0
--             with evidence in 90 days. estimate is the worth of one session with a failed search:
--             conversion of sessions with a successful search × the average order; null with fewer
--             than 20 such sessions, or if the average is negative (corrections exported as
--             purchases).
-- Units       money in the reporting currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   functions that list tasks
create or replace function _task_scale(p_tenant_id uuid)
returns table (value_p90 numeric, estimate numeric)
language plpgsql
stable
as $$
begin
    return query
    select
        s.value_p90,
        case when s.search_sessions >= 20 and s.average_order >= 0
            then s.search_sessions_with_order * s.average_order / s.search_sessions
        end
    from task_scale as s
    where s.tenant_id = p_tenant_id
    order by s.scale_date desc
    limit 1;
    if not found then
        return query select null::numeric, null::numeric;
    end if;
end;
$$;
