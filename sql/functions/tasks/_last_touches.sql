-- _last_touches: when each customer was last called or had a note written about a task, since the
-- beginning of p_since.
--
-- Definition  Steps of people that were not undone.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/get_task_queue.sql
create or replace function _last_touches(p_tenant_id uuid, p_since date)
returns table (customer_key text, happened_at timestamptz)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select h.customer_key, max(h.happened_at)
    from task_history as h
    where
        h.tenant_id = p_tenant_id and h.happened_at >= p_since and h.action in ('call', 'note')
        and not exists (
            select
            from task_history as u
            where
                u.tenant_id = p_tenant_id and u.task_id = h.task_id and u.undoes = h.history_id
        )
    group by h.customer_key;
end;
$$;
