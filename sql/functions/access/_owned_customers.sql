-- _owned_customers: the keys of the customers that the scope's member owns.
--
-- Definition  owner as in _customer_owners. p_customer_keys null means every customer. Empty if the
--             scope has no owner.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/access/_whole_customers.sql
create or replace function _owned_customers(
    p_tenant_id uuid, p_scope member_scope, p_customer_keys text[] default null
)
returns text[]
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_owner text := lower((p_scope).owner);
begin
    if v_owner is null then
        return '{}';
    end if;
    return array(
        select o.customer_key
        from _customer_owners(p_tenant_id, p_customer_keys, array[v_owner]) as o
        where o.owner = v_owner
    );
end;
$$;
