-- _derive_tasks: rebuild the tasks of each subject whose evidence, orders or identity changed.
--
-- Definition  A chain is a run of evidence of one subject and type. _mark_chains finds the chains;
--             the _TYPE_tasks functions decide which are tasks and their value. Purchases are tasks
--             without a chain, one per order.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _derive_tasks(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_type text;
begin
    perform _touch_subjects(p_tenant_id);
    foreach v_type in array array(
        select y.task_type from _task_types() as y where y.evidence <> 'order'
    ) loop
        perform _mark_chains(p_tenant_id, v_type);
        case v_type
            when 'cart' then perform _cart_tasks(p_tenant_id);
            when 'no_results' then perform _no_results_tasks(p_tenant_id);
            when 'no_conversion' then perform _no_conversion_tasks(p_tenant_id);
            else perform _visit_tasks(p_tenant_id, v_type);
        end case;
    end loop;
    perform _purchase_tasks(p_tenant_id);
    perform _finish_tasks(p_tenant_id);
    perform _store_tasks(p_tenant_id);
    perform _fix_scale(p_tenant_id);
end;
$$;
