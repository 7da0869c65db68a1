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
    from _standing_steps(p_tenant_id) as h
    where
        h.happened_at >= p_since and h.action in ('call', 'note')
    group by h.customer_key;
end;
$$;
