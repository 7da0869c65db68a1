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
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_kind text := left(p_customer_key, 2);
    v_id text := substr(p_customer_key, 3);
begin
    if
        (p_scope).location_ids is null
        or p_customer_key = any(_whole_customers(p_tenant_id, p_scope, array[p_customer_key]))
    then
        return true;
    end if;
    return not exists (
        select from users as u
        where
            u.tenant_id = p_tenant_id
            and case v_kind
                when 'k:' then u.buying_company_erp_id = v_id
                when 'c:' then u.user_id = v_id
                else false
            end
            and (u.branch_id is not null or u.account_owner is not null)
    ) and not exists (
        select from shop_order as o
        where
            o.tenant_id = p_tenant_id
            and case v_kind
                when 'k:' then o.company_id = v_id
                when 'c:' then o.contact_id = v_id
                else o.user_pseudo_id = v_id and o.contact_id is null and o.company_id is null
            end
    );
end;
$$;
