-- _spare_ids: a new id for each new task whose own id moved to another chain with somebody's work.
--
-- Definition  A task's id is derived from its key. Work that moves to another chain takes its
--             task's id along; a later chain that begins at the old instant needs an unused one.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_store_tasks.sql
create or replace function _spare_ids(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    update task_new as n
    set task_id = (
        select md5(n.task_id::text || k.number)::uuid
        from generate_series(1, 1000) as k (number)
        where not exists (
            select from task_work as v
            where
                v.tenant_id = p_tenant_id
                and v.task_id = md5(n.task_id::text || k.number)::uuid
        )
        order by k.number
        limit 1
    )
    from task_work as w
    where
        w.tenant_id = p_tenant_id and w.task_id = n.task_id
        and (w.task_type, w.subject, w.first_at, w.order_key)
        is distinct from (n.task_type, n.subject, n.first_at, n.order_key);
end;
$$;
