-- _store_accounts: write what the data says about whose each of these customers is.
--
-- Definition  account_owner: whom most of the company's contacts name in the customer file; a tie
--             goes to the first by name. Addresses are in lower case. branch_id: the branch of the
--             last order that names one, else the home branch in the customer file, else the branch
--             of the newest evidence that names one; branch_source says which. A browser reports
--             the branch of evidence, so it never overrides the file. p_customer_keys null means
--             every customer.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_accounts.sql, app/database/migrate.py
create or replace function _store_accounts(p_tenant_id uuid, p_customer_keys text[] default null)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_companies text[] := _ids_of('k:', p_customer_keys);
    v_contacts text[] := _ids_of('c:', p_customer_keys);
    v_devices text[] := _ids_of('d:', p_customer_keys);
begin
    create temporary table account_found on commit drop as
    with filed as (
        select
            coalesce('k:' || u.buying_company_erp_id, 'c:' || u.user_id) as customer_key,
            mode() within group (order by case
                when strpos(u.account_owner, '@') > 0 then lower(u.account_owner)
                else u.account_owner
            end) as account_owner,
            mode() within group (order by nullif(u.branch_id, '')) as branch_id
        from users as u
        where
            u.tenant_id = p_tenant_id
            and (
                p_customer_keys is null or u.buying_company_erp_id = any(v_companies)
                or (u.buying_company_erp_id is null and u.user_id = any(v_contacts))
            )
        group by 1
    ),
    ordered as (
        select distinct on (o.customer_key) o.customer_key, o.branch_id
        from (
            select
                coalesce('k:' || w.company_id, 'c:' || w.contact_id, 'd:' || w.user_pseudo_id)
                    as customer_key,
                w.branch_id, w.order_ts, w.order_key
            from shop_order as w
            where
                w.tenant_id = p_tenant_id
                and (
                    p_customer_keys is null or w.company_id = any(v_companies)
                    or (w.company_id is null and w.contact_id = any(v_contacts))
                    or (
                        w.company_id is null and w.contact_id is null
                        and w.user_pseudo_id = any(v_devices)
                    )
                )
        ) as o
        where o.customer_key is not null
        order by o.customer_key, o.branch_id = '', o.order_ts desc, o.order_key
    ),
    seen as (
        select distinct on (t.customer_key) t.customer_key, t.branch_id
        from task as t
        where
            t.tenant_id = p_tenant_id
            and (p_customer_keys is null or t.customer_key = any(p_customer_keys))
        order by t.customer_key, t.branch_id = '', t.last_at desc, t.task_id
    )
    select
        customer_key, f.account_owner,
        coalesce(nullif(o.branch_id, ''), f.branch_id, s.branch_id, '') as branch_id,
        case
            when o.customer_key is not null then 'order'
            when f.branch_id is not null then 'file'
            when s.branch_id <> '' then 'evidence'
        end as branch_source
    from filed as f
    full join ordered as o using (customer_key)
    full join seen as s using (customer_key);
    delete from customer_account as a
    where
        a.tenant_id = p_tenant_id
        and (p_customer_keys is null or a.customer_key = any(p_customer_keys))
        and not exists (select from account_found as n where n.customer_key = a.customer_key);
    insert into customer_account as a (
        tenant_id, customer_key, account_owner, branch_id, branch_source
    )
    select p_tenant_id, n.customer_key, n.account_owner, n.branch_id, n.branch_source
    from account_found as n
    on conflict on constraint customer_account_pkey do update set
        account_owner = excluded.account_owner, branch_id = excluded.branch_id,
        branch_source = excluded.branch_source
    where
        (a.account_owner, a.branch_id, a.branch_source)
        is distinct from (excluded.account_owner, excluded.branch_id, excluded.branch_source);
    drop table account_found;
end;
$$;
