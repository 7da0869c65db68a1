-- _is_sending_confirmed: whether this tenant may send mail from this database.
--
-- Definition  True if an admin confirmed it in this very database. A restored copy has another
--             system identifier or oid and sends nothing until confirmed there. False until the
--             first confirmation.
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
