-- _may_receive: whether member rights allow this address to receive this branch's reports.
--
-- Definition  An address of no member may. A member's address may if the member is active, may see
--             the branch and may work on tasks. Viewers may not: reports show contacts whole, and
--             their links act. Checked when a recipient is entered, when mail is planned and sent,
--             and when a link in it is used.
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
