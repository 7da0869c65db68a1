-- get_customer_devices: the devices a customer was seen on, latest first.
--
-- Definition  contacts: those who signed in on the device. Without any, the device is known only by
--             its company or by itself.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/customers/queries.py
create or replace function get_customer_devices(
    p_tenant_id uuid, p_scope member_scope, p_customer_key text,
    p_limit integer default 50
)
returns table (
    user_pseudo_id text, contacts text[], device_category text, city text, sessions bigint,
    first_at timestamptz, last_at timestamptz
)
language plpgsql
stable
as $$
declare
    v_location_ids text[] := _shown_branches(p_tenant_id, p_scope, p_customer_key);
begin
    return query
    select
        s.user_pseudo_id,
        coalesce(
            array_agg(distinct s.contact_id) filter (where s.contact_id is not null), '{}'
        ),
        (array_agg(s.device_category order by s.first_ts desc)
            filter (where s.device_category is not null))[1],
        (array_agg(s.city order by s.first_ts desc) filter (where s.city is not null))[1],
        count(*), min(s.first_ts), max(s.last_ts)
    from _customer_sessions(p_tenant_id, p_customer_key, v_location_ids) as s
    group by s.user_pseudo_id
    order by max(s.last_ts) desc, s.user_pseudo_id
    limit p_limit;
end;
$$;
