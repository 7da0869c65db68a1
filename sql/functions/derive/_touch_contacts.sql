-- _touch_contacts: touch the tasks that name a changed contact or its old or new company, into
-- touched_party and touched_subject.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/load/_replace_contacts.sql
create or replace function _touch_contacts(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    insert into touched_party
    select 'c:' || c.user_id from changed_contact as c
    union
    select 'k:' || c.old_company from changed_contact as c where c.old_company is not null
    union
    select 'k:' || c.new_company from changed_contact as c where c.new_company is not null
    on conflict do nothing;
    analyze touched_party;
    insert into touched_subject
    select distinct f.task_type, f.subject
    from fact as f
    inner join touched_party as p on p.party = 'c:' || f.contact_id
    where f.tenant_id = p_tenant_id
    on conflict do nothing;
    insert into touched_subject
    select distinct f.task_type, f.subject
    from fact as f
    inner join touched_party as p on p.party = 'k:' || f.company_id
    where f.tenant_id = p_tenant_id
    on conflict do nothing;
end;
$$;
