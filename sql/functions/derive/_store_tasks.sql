-- _store_tasks: write the changed tasks and move people's work with them.
--
-- Definition  In scope are the touched subjects and, for types made of orders, the touched orders. A chain
--             that is not a task is kept only while somebody's work is attached to it.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_tasks.sql
create or replace function _store_tasks(p_tenant_id uuid)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_subjects text[];
    v_types text[] := array(
        select y.task_type from _task_types() as y where y.evidence <> 'order'
    );
    v_order_types text[] := array(
        select y.task_type from _task_types() as y where y.evidence = 'order'
    );
begin
    v_subjects := _few(array(select d.subject from touched_subject as d));
    create temporary table task_old on commit drop as
    select t.*
    from task as t
    inner join touched_subject as s on s.task_type = t.task_type and s.subject = t.subject
    where
        t.tenant_id = p_tenant_id
        and (
            v_subjects is null
            or t.task_type = any(v_types)
            and t.subject = any(v_subjects)
        )
    union all
    select t.*
    from task as t
    inner join touched_order as o on o.order_key = t.order_key
    where t.tenant_id = p_tenant_id and t.task_type = any(v_order_types);
    analyze task_old;
    perform _follow_works(p_tenant_id);
    perform _spare_ids(p_tenant_id);
    delete from task_new as n
    where
        not n.is_task and not n.is_flagged and n.closed_reason is distinct from 'data_changed'
        and not exists (
            select from task_work as w
            where
                w.tenant_id = p_tenant_id and w.task_type = n.task_type
                and w.subject = n.subject and w.first_at = n.first_at
                and w.order_key = n.order_key
        );
    delete from task as t
    using task_old as o
    where
        t.tenant_id = p_tenant_id and t.task_type = o.task_type and t.subject = o.subject
        and t.first_at = o.first_at and t.order_key = o.order_key
        and not exists (
            select from task_new as n
            where
                n.task_type = o.task_type and n.subject = o.subject
                and n.first_at = o.first_at and n.order_key = o.order_key
                and n.row_hash = o.row_hash
        );
    insert into task (
        tenant_id, task_type, subject, first_at, order_key, task_id, last_at, last_date,
        user_pseudo_id, contact_id, company_id, customer_key, customer_name, branch_id,
        closing_order_key, closed_at, closed_reason, ready_at, expires_at, currency,
        value, is_value_incomplete, estimate_sessions, is_task, is_flagged, has_checkout, reach,
        is_known_buyer, terms, detail, words, shown_words, contact_words, row_hash
    )
    select
        n.tenant_id, n.task_type, n.subject, n.first_at, n.order_key, n.task_id, n.last_at,
        n.last_date, n.user_pseudo_id, n.contact_id, n.company_id, n.customer_key,
        n.customer_name, n.branch_id, n.closing_order_key, n.closed_at, n.closed_reason,
        n.ready_at, n.expires_at, n.currency, n.value, n.is_value_incomplete, n.estimate_sessions,
        n.is_task, n.is_flagged, n.has_checkout, n.reach, n.is_known_buyer, n.terms, n.detail,
        n.words, n.shown_words, n.contact_words, n.row_hash
    from task_new as n
    where not exists (
        select from task as t
        where
            t.tenant_id = p_tenant_id and t.task_type = n.task_type and t.subject = n.subject
            and t.first_at = n.first_at and t.order_key = n.order_key
    )
    order by n.task_type, n.last_date, n.branch_id;
    perform _mirror_works(p_tenant_id);
end;
$$;
