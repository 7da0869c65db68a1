-- _keep_vanished: a snapshot of each task whose evidence is gone, into task_work and task_new.
--
-- Definition  A touched task is flagged and keeps its state. An untouched one is closed at that
--             moment, because the data changed.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_follow_works.sql
create or replace function _keep_vanished(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    with vanished as (
        update task_work as w
        set vanished_at = now(), snapshot = coalesce(to_jsonb(o), w.snapshot)
        from work_place as p
        left join task_old as o on o.task_id = p.task_id
        where
            w.tenant_id = p_tenant_id and w.task_id = p.task_id and p.first_at is null
            and w.vanished_at is null and w.merged_into is null
        returning w.task_id, w.task_type, w.customer_key, w.version
    )
    insert into task_history (
        tenant_id, task_id, done_by, via, action, reason, version, task_type, customer_key
    )
    select
        p_tenant_id, v.task_id, 'system', 'job', 'vanished', 'data_changed', v.version,
        v.task_type, v.customer_key
    from vanished as v;
    insert into task_new
    select s.*
    from work_place as p
    inner join task_work as w on w.tenant_id = p_tenant_id and w.task_id = p.task_id
    cross join lateral jsonb_populate_record(
        null::task,
        w.snapshot || jsonb_build_object(
            'task_id', w.task_id, 'is_task', false, 'is_flagged', w.touched_at is not null,
            'closed_at', case when w.touched_at is null then w.vanished_at end,
            'closed_reason', case when w.touched_at is null then 'data_changed' end,
            'row_hash', hashtextextended(w.vanished_at::text, 0)
        )
    ) as s
    where p.first_at is null and w.merged_into is null;
end;
$$;
