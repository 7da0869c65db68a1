-- _standing_steps: the steps in the history of tasks that were not undone.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   functions that count or show steps, app/tasks/steps/history.py; inlined there
create or replace function _standing_steps(p_tenant_id uuid)
returns setof task_history
language sql
stable
as $$
    select h.*
    from task_history as h
    where
        h.tenant_id = p_tenant_id
        and not exists (
            select
            from task_history as u
            where
                u.tenant_id = p_tenant_id and u.task_id = h.task_id and u.undoes = h.history_id
        )
$$;
