-- _is_exclusion_in_scope: whether a member may see, create and end an exclusion.
--
-- Definition  A contact or company must be shown whole. An email domain must have contacts in the
--             customer file, all shown whole. A scope of every branch always may.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/customers/exclusions.py
create or replace function _is_exclusion_in_scope(
    p_tenant_id uuid, p_scope member_scope, p_kind text, p_value text
)
returns boolean
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_keys text[];
begin
    if (p_scope).location_ids is null then
        return true;
    end if;
    v_keys := case p_kind
        when 'company' then array['k:' || p_value]
        when 'contact' then array['c:' || p_value]
        else array(
            select 'c:' || u.user_id
            from users as u
            where
                u.tenant_id = p_tenant_id and lower(split_part(u.email, '@', 2)) = p_value
        )
    end;
    return v_keys <> '{}' and v_keys <@ _whole_customers(p_tenant_id, p_scope, v_keys);
end;
$$;
