-- _shown_branches: the branches whose rows of one customer a member sees; null means every branch.
--
-- Definition  Null for a customer that _whole_customers returns, else the branches of the scope.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/ of customer pages, sessions and orders; app/tasks/lists/context.py
create or replace function _shown_branches(
    p_tenant_id uuid, p_scope member_scope, p_customer_key text
)
returns text[]
language sql
stable
as $$
    select case
        when (p_scope).location_ids is null then null
        when p_customer_key = any(_whole_customers(p_tenant_id, p_scope, array[p_customer_key]))
            then null
        else (p_scope).location_ids
    end
$$;
