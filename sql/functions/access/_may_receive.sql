-- _may_receive: whether this address may get reports of this branch, as far as members go.
--
-- Definition  An address that no member has may. A member's address may if the member is active,
--             may work on tasks (no viewer: reports show contacts whole, and their links act), and
--             may see the branch. Asked when a recipient is entered, when mail is planned, when it
--             leaves, and when a link in it is used.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/email
create or replace function _may_receive(p_tenant_id uuid, p_email text, p_branch_id text)
returns boolean
language sql
stable
as $$
    select not exists (
        select
        from membership as m
        where
            m.tenant_id = p_tenant_id and m.email = p_email
            and (
                not m.is_active
                or m.role = 'viewer'
                or m.location_ids is not null and p_branch_id <> all(m.location_ids)
            )
    );
$$;
