-- _customer_owners: whose each customer is. This is decided nowhere else.
--
-- Definition  owner: the member to whom the customer was assigned, else its account owner in the
--             customer file, else the owner of its branch (_branch_owners). Only active members who
--             work own customers. An account owner who is none of them stands in account_owner, and
--             the customer is nobody's until it is assigned. holder names the row of the customer
--             on the team board: the owner, else account_owner, else '-' and the branch. Only an
--             address makes a member an account owner, because members choose their own names at
--             the identity provider. p_customer_keys and p_holders null mean all; '-' in p_holders
--             is every customer without an owner or account owner.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   functions that list, count or open tasks and customers
create or replace function _customer_owners(
    p_tenant_id uuid, p_customer_keys text[] default null, p_holders text[] default null
)
returns table (
    customer_key text, owner text, account_owner text, branch_id text, holder text
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_branches text[] := array(
        select b.branch_id
        from _branch_owners(p_tenant_id) as b
        where b.owner = any(p_holders)
        union all
        select substr(h.holder, 2) from unnest(p_holders) as h (holder)
        where left(h.holder, 1) = '-'
    );
    v_is_all boolean := p_holders is null or '-' = any(p_holders);
begin
    return query
    with assigned as materialized (
        select a.customer_key, a.owner
        from _assigned_owners(p_tenant_id, p_customer_keys) as a
        inner join membership as m on m.tenant_id = p_tenant_id and m.email = a.owner
        where m.is_active and m.role <> 'viewer'
    ),
    owned as (
        select
            c.customer_key,
            coalesce(a.owner, w.email, case when c.account_owner is null then b.owner end)
                as owner,
            c.account_owner, c.branch_id
        from customer_account as c
        left join assigned as a on a.customer_key = c.customer_key
        left join membership as w
            on w.tenant_id = p_tenant_id and w.email = c.account_owner
            and w.is_active and w.role <> 'viewer'
        left join _branch_owners(p_tenant_id) as b on b.branch_id = c.branch_id
        where
            c.tenant_id = p_tenant_id
            and (p_customer_keys is null or c.customer_key = any(p_customer_keys))
            and (
                v_is_all or c.account_owner = any(p_holders) or c.branch_id = any(v_branches)
                or c.customer_key = any(array(
                    select g.customer_key from assigned as g where g.owner = any(p_holders)
                ))
            )
    ),
    held as (
        select
            o.customer_key, o.owner,
            case when o.owner is null then o.account_owner end as account_owner, o.branch_id,
            coalesce(o.owner, o.account_owner, '-' || o.branch_id) as holder
        from owned as o
    )
    select h.*
    from held as h
    where
        p_holders is null or h.holder = any(p_holders)
        or ('-' = any(p_holders) and left(h.holder, 1) = '-');
end;
$$;
