-- _derive_chains: rebuild the chains of every subject whose evidence or orders changed.
--
-- Definition  A chain is a run of evidence of one subject and type; _mark_chains cuts it,
--             _cart_chains says what a cart is. Another type adds its own rule here.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/_derive.sql
create or replace function _derive_chains(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    insert into touched_subject
    select distinct f.task_type, f.subject
    from (select distinct i.contact_id from order_image as i) as i
    inner join fact as f on f.subject = 'c:' || i.contact_id
    where f.tenant_id = p_tenant_id and f.task_type = 'cart'
    on conflict do nothing;
    insert into touched_subject
    select distinct f.task_type, f.subject
    from (select distinct i.company_id from order_image as i) as i
    inner join fact as f on f.company_id = i.company_id
    where f.tenant_id = p_tenant_id and f.task_type = 'cart'
    on conflict do nothing;
    insert into touched_subject
    select distinct f.task_type, f.subject
    from (select distinct i.user_pseudo_id from order_image as i) as i
    inner join fact as f on f.user_pseudo_id = i.user_pseudo_id
    where f.tenant_id = p_tenant_id and f.task_type = 'cart'
    on conflict do nothing;
    analyze touched_subject;
    perform _mark_chains(p_tenant_id, 'cart');
    perform _cart_chains(p_tenant_id);
    update chain_new as n
    set row_hash = hash_record_extended(n, 0);
    delete from chain as c
    using touched_subject as t
    where
        c.tenant_id = p_tenant_id and c.task_type = t.task_type and c.subject = t.subject
        and not exists (
            select from chain_new as n
            where
                n.task_type = c.task_type and n.subject = c.subject
                and n.first_at = c.first_at and n.row_hash = c.row_hash
        );
    insert into chain
    select n.*
    from chain_new as n
    where not exists (
        select from chain as c
        where
            c.tenant_id = p_tenant_id and c.task_type = n.task_type
            and c.subject = n.subject and c.first_at = n.first_at
    )
    order by n.last_date, n.branch_id;
end;
$$;
