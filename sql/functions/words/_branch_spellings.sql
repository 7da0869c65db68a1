-- _branch_spellings: the branch ids that differ from each other in more than case, each with its
-- lower-case form.
--
-- Definition  A branch id missing from the branch file becomes the id that differs only in case, if
--             there is exactly one (GUIDs of two systems differ like this).
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/words/_match_branches.sql, sql/functions/load/_replace_contacts.sql
create or replace function _branch_spellings(p_tenant_id uuid)
returns table (folded text, location_id text)
language sql
stable
as $$
    select lower(l.location_id), min(l.location_id)
    from locations as l
    where l.tenant_id = p_tenant_id
    group by lower(l.location_id)
    having count(*) = 1
$$;
