-- _follow_works: attach people's work to the chains it belongs to now.
--
-- Definition  Work stays on its chain. If that is gone, it moves to the earliest chain of its type
--             and subject that overlaps the old interval; work on an order's task moves with the order. If
--             several land on one chain, the one marked done leads, else the last touched, and the
--             others point to it. Without a chain, the work keeps a snapshot of its task: touched
--             work is flagged, untouched work is closed as "data changed" (data_changed). A task
--             that vanishes without any work also leaves a snapshot, which is removed when its
--             evidence returns.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_store_tasks.sql
create or replace function _follow_works(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
begin
    insert into task_work (
        tenant_id, task_id, task_type, subject, first_at, order_key, last_at, customer_key, version,
        snapshot
    )
    select
        p_tenant_id, o.task_id, o.task_type, o.subject, o.first_at, o.order_key, o.last_at,
        o.customer_key, 0, to_jsonb(o)
    from task_old as o
    where
        o.is_task and o.touched_at is null and o.closed_at is null
        and _is_judged(o.task_type, o.last_at, o.ready_at, v_loaded)
        and o.expires_at > now()
        and not exists (
            select from task_new as n
            where
                n.task_type = o.task_type and n.subject = o.subject
                and n.first_at <= o.last_at and n.last_at >= o.first_at
                and n.order_key = o.order_key
        )
        and not exists (
            select from task_new as n
            where
                n.task_type = o.task_type and n.order_key = o.order_key and o.order_key <> ''
        )
    on conflict on constraint task_work_pkey do nothing;
    create temporary table work_place on commit drop as
    with works as (
        select w.*
        from task_work as w
        inner join touched_subject as s on s.task_type = w.task_type and s.subject = w.subject
        where w.tenant_id = p_tenant_id
        union all
        select w.*
        from task_work as w
        inner join touched_order as o on o.order_key = w.order_key
        where
            w.tenant_id = p_tenant_id
            and w.task_type in (
                select y.task_type from _task_types() as y where y.evidence = 'order'
            )
    )
    select distinct on (w.task_id)
        w.task_id, w.task_type, w.touched_at, w.done_at, w.vanished_at, n.subject, n.first_at,
        n.order_key, n.last_at, n.customer_key
    from works as w
    left join task_new as n
        on
            n.task_type = w.task_type
            and n.order_key = w.order_key
            and (
                w.order_key <> ''
                or n.subject = w.subject and n.first_at <= w.last_at and n.last_at >= w.first_at
            )
    order by w.task_id, (n.first_at = w.first_at) desc nulls last, n.first_at;
    perform _place_works(p_tenant_id);
    perform _keep_vanished(p_tenant_id);
    drop table work_place;
end;
$$;
