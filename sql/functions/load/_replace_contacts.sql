-- _replace_contacts: replace the tenant's contacts with the staged customer file.
--
-- Definition  Contacts missing from the temporary table stage_users are deleted. Sessions of
--             contacts whose company changed and sessions with several identities are added to
--             touched_session, and their orders to touched_order, to derive again what depends on
--             companies. Every changed contact is added to touched_party and touched_subject,
--             because tasks show its name and how to reach it. Ids in stored events are renamed
--             according to the file. Branches are spelled as in the branch file.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/store/load.py, inside the swap transaction
create or replace function _replace_contacts(p_tenant_id uuid)
returns void
language plpgsql
set enable_nestloop = off
set work_mem = '64MB'
as $$
begin
    update stage_users as n set branch_id = m.location_id
    from _branch_spellings(p_tenant_id) as m
    where lower(n.branch_id) = m.folded and n.branch_id <> m.location_id;
    create temporary table changed_contact on commit drop as
    select
        coalesce(u.user_id, n.user_id) as user_id, u.buying_company_erp_id as old_company,
        n.buying_company_erp_id as new_company,
        u.buying_company_erp_id is distinct from n.buying_company_erp_id as has_moved
    from (select w.* from users as w where w.tenant_id = p_tenant_id) as u
    full join stage_users as n on n.user_id = u.user_id
    where
        (
            u.user_id, u.buying_company_erp_id, u.buying_company_name, u.name, u.phone, u.email,
            u.branch_id, u.account_owner
        ) is distinct from (
            n.user_id, n.buying_company_erp_id, n.buying_company_name, n.name, n.phone, n.email,
            n.branch_id, n.account_owner
        );
    analyze changed_contact;
    perform _touch_contacts(p_tenant_id);
    insert into touched_session
    select s.session_key, s.session_id
    from session as s
    inner join changed_contact as c on c.user_id = s.contact_id and c.has_moved
    where s.tenant_id = p_tenant_id
    union
    select s.session_key, s.session_id
    from session as s
    where s.tenant_id = p_tenant_id and s.is_mixed
        and exists (select from changed_contact as c where c.has_moved)
    on conflict do nothing;
    insert into touched_session
    select f.session_key, f.session_id
    from fact as f
    inner join changed_contact as c on f.subject = 'c:' || c.user_id and c.has_moved
    where f.tenant_id = p_tenant_id and f.task_type in ('cart', 'search') and not f.has_session
    on conflict do nothing;
    insert into touched_order
    select o.order_key
    from shop_order as o
    inner join changed_contact as c on c.user_id = o.contact_id and c.has_moved
    where o.tenant_id = p_tenant_id
    on conflict do nothing;
    delete from users as u
    where
        u.tenant_id = p_tenant_id
        and not exists (select from stage_users as n where n.user_id = u.user_id);
    insert into users as u (
        tenant_id, user_id, name, email, phone, buying_company_erp_id, buying_company_name,
        branch_id, account_owner
    )
    select
        p_tenant_id, n.user_id, n.name, n.email, n.phone, n.buying_company_erp_id,
        n.buying_company_name, n.branch_id, n.account_owner
    from stage_users as n
    on conflict on constraint users_pkey do update set
        name = excluded.name, email = excluded.email, phone = excluded.phone,
        buying_company_erp_id = excluded.buying_company_erp_id,
        buying_company_name = excluded.buying_company_name,
        branch_id = excluded.branch_id, account_owner = excluded.account_owner;
    analyze touched_session;
    perform _rename_ids(p_tenant_id);
end;
$$;
