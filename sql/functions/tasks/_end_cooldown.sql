-- _end_cooldown: end a customer's cooldown as if a contact had not happened, so that new tasks show
-- again.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/steps/change.py, when a step is undone
create or replace function _end_cooldown(p_tenant_id uuid, p_history_id uuid)
returns void
language plpgsql
as $$
begin
    with gone as (
        delete from task_cooldown as c
        where c.tenant_id = p_tenant_id and c.history_id = p_history_id
        returning c.task_id, c.task_type, c.ends_at
    )
    update task as t
    set cool_until = null
    from gone as g
    inner join task_work as w on w.tenant_id = p_tenant_id and w.task_id = g.task_id
    where
        t.tenant_id = p_tenant_id and t.customer_key = w.customer_key
        and t.task_type = g.task_type and t.cool_until = g.ends_at;
end;
$$;
