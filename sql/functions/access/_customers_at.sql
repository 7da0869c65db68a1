-- _customers_at: the customers among these with their home branch, or an order, at one of the
-- branches.
--
-- Definition  A customer's home branches are those of its contacts in the customer file. Sessions
--             do not count, because the browser reports their branch. A contact also qualifies
--             through its company. p_customer_keys null means every customer.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/access/_owned_customers.sql, _whole_customers.sql
create or replace function _customers_at(
    p_tenant_id uuid, p_location_ids text[], p_customer_keys text[]
)
returns text[]
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if p_customer_keys is null then
        return array(
            select coalesce('k:' || u.buying_company_erp_id, 'c:' || u.user_id)
            from users as u
            where u.tenant_id = p_tenant_id and u.branch_id = any(p_location_ids)
            union
            select coalesce('k:' || o.company_id, 'c:' || o.contact_id, 'd:' || o.user_pseudo_id)
            from shop_order as o
            where o.tenant_id = p_tenant_id and o.branch_id = any(p_location_ids)
        );
    end if;
    return array(
        with keys as (
            select k.customer_key, left(k.customer_key, 2) as kind, substr(k.customer_key, 3) as id
            from unnest(p_customer_keys) as k (customer_key)
        ),
        parties as (
            select k.customer_key, k.kind, k.id from keys as k
            union all
            select k.customer_key, 'k:', u.buying_company_erp_id
            from keys as k
            inner join users as u on u.tenant_id = p_tenant_id and u.user_id = k.id
            where k.kind = 'c:' and u.buying_company_erp_id is not null
        )
        select distinct p.customer_key
        from parties as p
        where
            (p.kind = 'k:' and (
                exists (
                    select from users as u
                    where
                        u.tenant_id = p_tenant_id and u.buying_company_erp_id = p.id
                        and u.branch_id = any(p_location_ids)
                )
                or exists (
                    select from shop_order as o
                    where
                        o.tenant_id = p_tenant_id and o.company_id = p.id
                        and o.branch_id = any(p_location_ids)
                )
            ))
            or (p.kind = 'c:' and (
                exists (
                    select from users as u
                    where
                        u.tenant_id = p_tenant_id and u.user_id = p.id
                        and u.branch_id = any(p_location_ids)
                )
                or exists (
                    select from shop_order as o
                    where
                        o.tenant_id = p_tenant_id and o.contact_id = p.id
                        and o.branch_id = any(p_location_ids)
                )
            ))
            or (p.kind = 'd:' and exists (
                select from shop_order as o
                where
                    o.tenant_id = p_tenant_id and o.user_pseudo_id = p.id
                    and o.contact_id is null and o.company_id is null
                    and o.branch_id = any(p_location_ids)
            ))
    );
end;
$$;
