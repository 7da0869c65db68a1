-- _match_branches: contacts' branches as spelled in the branch file.
--
-- Definition  A branch id missing from the branch file becomes the id that differs only in case, if
--             there is exactly one (GUIDs of two systems differ like this).
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/load/_replace_contacts.sql, sql/functions/load/_replace_branches.sql
create or replace function _match_branches(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    update users as u set branch_id = m.location_id
    from (
        select lower(l.location_id) as folded, min(l.location_id) as location_id
        from locations as l
        where l.tenant_id = p_tenant_id
        group by lower(l.location_id)
        having count(*) = 1
    ) as m
    where
        u.tenant_id = p_tenant_id and lower(u.branch_id) = m.folded
        and u.branch_id <> m.location_id
        and not exists (
            select from locations as l
            where l.tenant_id = p_tenant_id and l.location_id = u.branch_id
        );
end;
$$;
