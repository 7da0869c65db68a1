-- _hidden_customers: the excluded customers that figures leave out too, sorted: all of them if the
-- tenant's rule exclude_from_figures is set, else none.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/ that derive
create or replace function _hidden_customers(p_tenant_id uuid)
returns text[]
language plpgsql
stable
as $$
begin
    return array(
        select x.customer
        from tenant_config as c
        cross join unnest(_excluded_customers(p_tenant_id)) as x (customer)
        where c.tenant_id = p_tenant_id and (c.rules ->> 'exclude_from_figures')::boolean
        order by x.customer collate "C"
    );
end;
$$;
