-- get_customer_people: the contacts of one customer, last seen first.
--
-- Definition  The company's contacts in the customer file and those seen in its sessions. If
--             p_scope does not show the customer whole: only contacts seen at its branches, without
--             address, number or home branch. is_in_file is false for a contact known only from
--             events.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/customers/queries.py
create or replace function get_customer_people(
    p_tenant_id uuid, p_scope member_scope, p_customer_key text,
    p_limit integer default 50
)
returns table (
    contact_id text, name text, email text, phone text, branch_id text, is_in_file boolean,
    sessions bigint, last_at timestamptz
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_location_ids text[] := _shown_branches(p_tenant_id, p_scope, p_customer_key);
    v_kind text := left(p_customer_key, 2);
    v_id text := substr(p_customer_key, 3);
begin
    return query
    with seen as (
        select s.contact_id, count(*) as sessions, max(s.last_ts) as last_at
        from _customer_sessions(p_tenant_id, p_customer_key, v_location_ids) as s
        where s.contact_id is not null
        group by s.contact_id
    ),
    listed as (
        select u.user_id
        from users as u
        where
            u.tenant_id = p_tenant_id
            and (v_location_ids is null or u.branch_id = any(v_location_ids))
            and (
                (v_kind = 'k:' and u.buying_company_erp_id = v_id)
                or (v_kind = 'c:' and u.user_id = v_id)
            )
        union
        select s.contact_id
        from seen as s
    )
    select
        l.user_id, u.name, case when v_location_ids is null then u.email end,
        case when v_location_ids is null then u.phone end,
        case when v_location_ids is null then u.branch_id end, u.user_id is not null,
        coalesce(s.sessions, 0), s.last_at
    from listed as l
    left join users as u on u.tenant_id = p_tenant_id and u.user_id = l.user_id
    left join seen as s on s.contact_id = l.user_id
    order by s.last_at desc nulls last, l.user_id
    limit p_limit;
end;
$$;
