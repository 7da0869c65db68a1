-- _match_branches: contacts' branches as spelled in the branch file; what changes goes to
-- touched_party.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/load/_replace_branches.sql
create or replace function _match_branches(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    with matched as (
        update users as u set branch_id = m.location_id
        from _branch_spellings(p_tenant_id) as m
        where
            u.tenant_id = p_tenant_id and lower(u.branch_id) = m.folded
            and u.branch_id <> m.location_id
        returning coalesce('k:' || u.buying_company_erp_id, 'c:' || u.user_id) as party
    )
    insert into touched_party select distinct m.party from matched as m
    on conflict do nothing;
end;
$$;
