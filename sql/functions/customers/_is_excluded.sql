-- _is_excluded: whether a contact or company is among the excluded customers ('c:' and a contact,
-- 'k:' and a company). Unknown customers are not excluded.
--
-- Called by   sql/functions/ that derive tasks; inlined there
create or replace function _is_excluded(p_contact_id text, p_company_id text, p_excluded text[])
returns boolean
language sql
immutable
as $$
    select coalesce('c:' || p_contact_id = any(p_excluded), false)
        or coalesce('k:' || p_company_id = any(p_excluded), false)
$$;
