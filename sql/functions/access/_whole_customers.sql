-- _whole_customers: which of these customers a member sees whole. Of others the member sees only
-- rows of their own branches. This rule is decided nowhere else.
--
-- Definition  A customer is whole if the member owns it, or if its home branch or one of its orders
--             is at a branch of the scope. A contact is also whole through its company.
--             p_customer_keys null means every customer; p_adds_owned adds those the member owns. A
--             scope of every branch returns p_customer_keys.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/access/_shown_branches.sql, and functions that show several customers
create or replace function _whole_customers(
    p_tenant_id uuid, p_scope member_scope, p_customer_keys text[],
    p_adds_owned boolean default false
)
returns text[]
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_owned text[];
begin
    if (p_scope).location_ids is null or (p_customer_keys = '{}' and not p_adds_owned) then
        return p_customer_keys;
    end if;
    v_owned := _owned_customers(p_tenant_id, p_scope, case
        when p_adds_owned or p_customer_keys is null then null
        else p_customer_keys || array(
            select 'k:' || u.buying_company_erp_id
            from unnest(p_customer_keys) as k (customer_key)
            inner join users as u
                on u.tenant_id = p_tenant_id and u.user_id = substr(k.customer_key, 3)
            where left(k.customer_key, 2) = 'c:' and u.buying_company_erp_id is not null
        )
    end);
    return array(
        select o.customer_key
        from unnest(v_owned) as o (customer_key)
        where
            p_customer_keys is null or p_adds_owned or o.customer_key = any(p_customer_keys)
        union
        select k.customer_key
        from unnest(p_customer_keys) as k (customer_key)
        inner join users as u on u.tenant_id = p_tenant_id and u.user_id = substr(k.customer_key, 3)
        where
            left(k.customer_key, 2) = 'c:' and 'k:' || u.buying_company_erp_id = any(v_owned)
        union
        select a.customer_key
        from unnest(
            _customers_at(p_tenant_id, (p_scope).location_ids, p_customer_keys)
        ) as a (customer_key)
    );
end;
$$;
