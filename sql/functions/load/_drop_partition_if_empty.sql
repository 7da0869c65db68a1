-- _drop_partition_if_empty: drop one month of an event table if no tenant has a row in it.
--
-- Definition  True if it was dropped. Row-level security is off here: PostgreSQL refuses a role
--             that cannot bypass it, instead of letting the partition look empty.
-- Tenant      none: structure only.
-- Called by   app/database/partitions.py (as app_maint)
create or replace function _drop_partition_if_empty(p_name text)
returns boolean
language plpgsql
set row_security = off
as $$
declare
    v_is_used boolean;
begin
    if p_name !~ '^[a-z_]+_p[0-9]{6}$' then
        raise exception '% is no partition of a month', p_name;
    end if;
    execute format('lock table %I in access exclusive mode', p_name);
    execute format('select exists (select from %I)', p_name) into v_is_used;
    if v_is_used then
        return false;
    end if;
    execute format('drop table %I', p_name);
    return true;
end;
$$;
