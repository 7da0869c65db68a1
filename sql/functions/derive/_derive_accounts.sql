-- _derive_accounts: write again whose each customer is whose file rows, orders or tasks changed.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql, after _derive_tasks
create or replace function _derive_accounts(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_customers text[] := array(
        select p.party from touched_party as p
        union
        select coalesce('k:' || i.company_id, 'c:' || i.contact_id, 'd:' || i.user_pseudo_id)
        from order_image as i
        union
        select t.customer_key from task_old as t
        union
        select t.customer_key from task_new as t
    );
begin
    if v_customers <> '{}' then
        perform _store_accounts(p_tenant_id, _few(v_customers));
    end if;
end;
$$;
