-- _held_customers: the customers of these rows of the team board; null means every customer.
--
-- Definition  p_holders as in _customer_owners.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/_list_tasks.sql, _count_tasks.sql, get_task_queue.sql,
--             get_queue_counts.sql
create or replace function _held_customers(p_tenant_id uuid, p_holders text[])
returns text[]
language sql
stable
as $$
    select case when p_holders is not null then array(
        select o.customer_key from _customer_owners(p_tenant_id, null, p_holders) as o
    ) end
$$;
