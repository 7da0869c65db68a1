-- _is_sending_confirmed: whether this tenant's mail may leave this database.
--
-- Definition  True when an admin confirmed it in this very database. A restored copy has another
--             system identifier or another oid, and sends nothing until it is confirmed there. A
--             tenant that never confirmed is not.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/email
create or replace function _is_sending_confirmed(p_tenant_id uuid)
returns boolean
language plpgsql stable
as $$
begin
    return exists (
        select
        from email_switch as s
        cross join pg_control_system() as c
        inner join pg_database as d on d.datname = current_database()
        where
            s.tenant_id = p_tenant_id
            and s.system_identifier = c.system_identifier
            and s.database_oid = d.oid::bigint
    );
end;
$$;
