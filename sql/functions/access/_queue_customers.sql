-- _queue_customers: the customers whose cards in a member's queue show every branch.
--
-- Definition  Customers shown whole that have tasks in the range at a branch of p_scope, and every
--             customer the member owns. Null if the scope is every branch.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/get_task_queue.sql, get_queue_counts.sql
create or replace function _queue_customers(
    p_tenant_id uuid, p_scope member_scope, p_types text[], p_start_date date, p_end_date date
)
returns text[]
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if (p_scope).location_ids is null then
        return null;
    end if;
    return _whole_customers(p_tenant_id, p_scope, array(
        select distinct t.customer_key
        from task as t
        where
            t.tenant_id = p_tenant_id and t.task_type = any(p_types)
            and t.last_date between p_start_date and p_end_date
            and t.branch_id = any((p_scope).location_ids)
    ), true);
end;
$$;
