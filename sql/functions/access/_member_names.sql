-- _member_names: the names by which the customer file may refer to members who work on tasks.
--
-- Definition  A member's address, and their name unless another active member has it; in lower
--             case. A name that looks like an address does not count. Viewers do not work on tasks.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/_task_page.sql, get_team_board.sql
create or replace function _member_names(p_tenant_id uuid)
returns table (called text, email text)
language sql
stable
as $$
    select lower(m.email), lower(m.email)
    from membership as m
    where m.tenant_id = p_tenant_id and m.is_active and m.role <> 'viewer'
    union
    select lower(m.name), min(lower(m.email))
    from membership as m
    where m.tenant_id = p_tenant_id and m.is_active and m.name <> '' and strpos(m.name, '@') = 0
    group by 1
    having count(*) = 1 and min(m.role) <> 'viewer'
$$;
