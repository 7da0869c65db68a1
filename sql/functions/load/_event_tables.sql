-- _event_tables: the names of the exported event tables that keep exported ids (raw_ids).
--
-- Tenant      none: names of tables.
-- Called by   sql/functions/words/_learn_ids.sql, sql/functions/words/_rename_ids.sql
create or replace function _event_tables()
returns setof text
language sql
stable
as $$
    select c.relname::text
    from pg_class as c
    inner join pg_attribute as a on a.attrelid = c.oid and a.attname = 'raw_ids'
    where
        c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and not c.relispartition and not a.attisdropped
    order by c.relname
$$;
