-- unbind_membership: unbind a membership from its sign-in account, which reopens the invitation.
--
-- Definition  The membership keeps its address, role, branches and state. The next person to sign
--             in with that verified address becomes its member. The old account's API tokens in
--             this tenant end. False if no account was bound.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/auth/members/queries.py, app/settings/bindings.py
create or replace function unbind_membership(p_tenant_id uuid, p_membership_id uuid)
returns boolean
language plpgsql
as $$
declare
    v_member_id uuid;
begin
    select m.member_id into v_member_id
    from membership as m
    where m.tenant_id = p_tenant_id and m.membership_id = p_membership_id
    for update;
    if v_member_id is null then
        return false;
    end if;
    update membership as m
    set member_id = null, accepted_at = null
    where m.tenant_id = p_tenant_id and m.membership_id = p_membership_id;
    update api_token as k
    set revoked_at = now()
    where k.tenant_id = p_tenant_id and k.created_by = v_member_id and k.revoked_at is null;
    return true;
end;
$$;
