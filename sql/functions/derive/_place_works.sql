-- _place_works: update task_work with the new positions from work_place.
--
-- Definition  The snapshot of a task that vanished untouched is removed when its evidence returns.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_follow_works.sql
create or replace function _place_works(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    with gone as (
        delete from task_work as w
        using work_place as p
        where
            w.tenant_id = p_tenant_id and w.task_id = p.task_id and p.touched_at is null
            and p.first_at is not null
        returning w.task_id, w.task_type, w.customer_key
    )
    insert into task_history (
        tenant_id, task_id, done_by, via, action, version, task_type, customer_key
    )
    select p_tenant_id, g.task_id, 'system', 'job', 'returned', 0, g.task_type, g.customer_key
    from gone as g;
    with placed as (
        select
            p.*,
            first_value(p.task_id) over (
                partition by p.task_type, p.subject, p.first_at, p.order_key
                order by p.done_at is null, p.touched_at desc, p.task_id
            ) as leader
        from work_place as p
        where p.touched_at is not null and p.first_at is not null
    )
    update task_work as w
    set
        subject = p.subject, first_at = p.first_at, order_key = p.order_key, last_at = p.last_at,
        customer_key = p.customer_key, vanished_at = null,
        merged_into = case when p.leader <> p.task_id then p.leader end
    from placed as p
    where w.tenant_id = p_tenant_id and w.task_id = p.task_id;
end;
$$;
