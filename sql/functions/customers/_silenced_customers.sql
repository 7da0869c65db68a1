-- _silenced_customers: customers not to be contacted today: 'c:' and a contact, 'k:' and a company.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/get_task_queue.sql
create or replace function _silenced_customers(p_tenant_id uuid)
returns text[]
language plpgsql
stable
as $$
begin
    return coalesce((
        select array_agg(case d.kind when 'contact' then 'c:' else 'k:' end || d.value)
        from do_not_contact as d
        inner join tenant_config as c on c.tenant_id = d.tenant_id
        where
            d.tenant_id = p_tenant_id
            and (d.ends_on is null or d.ends_on >= (now() at time zone c.time_zone)::date)
    ), '{}');
end;
$$;
