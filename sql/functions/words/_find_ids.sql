-- _find_ids: the exported contacts, companies and branches in an event table, into id_found, each
-- with its first and last day.
--
-- Definition  p_days null means every day. Stored rows have the exported text in raw_ids if the
--             name differs; staged rows hold it themselves.
-- Tenant      p_tenant_id, and row-level security behind it; a staged table holds one tenant's.
-- Called by   sql/functions/words/_name_staged.sql, sql/functions/words/_learn_ids.sql
create or replace function _find_ids(p_tenant_id uuid, p_table text, p_days date[] default null)
returns void
language plpgsql
as $$
begin
    execute format(
        'insert into id_found (kind, raw_id, first_date, last_date)
        select g.kind, g.raw_id, g.first_date, g.last_date
        from (
            select
                case
                    when grouping(e.contact) = 0 then ''contact''
                    when grouping(e.company) = 0 then ''company'' else ''branch''
                end as kind,
                coalesce(e.contact, e.company, e.branch) as raw_id,
                min(e.event_date) as first_date, max(e.event_date) as last_date
            from (%s) as e
            group by grouping sets ((e.contact), (e.company), (e.branch))
        ) as g
        where g.raw_id is not null
        on conflict (kind, raw_id) do update set
            first_date = least(id_found.first_date, excluded.first_date),
            last_date = greatest(id_found.last_date, excluded.last_date)',
        case when p_days is null then format(
            'select
                s.event_date, coalesce(s.raw_ids ->> ''contact'', s.user_id) as contact,
                coalesce(s.raw_ids ->> ''company'', s.company_id) as company,
                coalesce(s.raw_ids ->> ''branch'', s.branch_id) as branch
            from %I as s where s.tenant_id = $1', p_table
        ) else format(
            'select
                s.event_date, s.user_id as contact, s.company_id as company, s.branch_id as branch
            from %I as s where s.event_date = any($2)', p_table
        ) end
    ) using p_tenant_id, p_days;
end;
$$;
