-- _may_assign: whether a member may assign a customer to somebody.
--
-- Definition  The scope must show the customer whole, or the customer must belong to nobody yet: no
--             home branch, no account owner, no order anywhere. Otherwise one visit to a branch
--             would take a customer from its owner at another.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/steps/rules.py
create or replace function _may_assign(
    p_tenant_id uuid, p_scope member_scope, p_customer_key text
)
returns boolean
language sql
stable
as $$
    select
        (p_scope).location_ids is null
        or not exists (
            select from customer_account as c
            where
                c.tenant_id = p_tenant_id and c.customer_key = p_customer_key
                and (c.account_owner is not null or c.branch_source in ('order', 'file'))
        )
        or p_customer_key = any(_whole_customers(p_tenant_id, p_scope, array[p_customer_key]))
$$;
