-- get_filled_columns: the number of rows of the last customer or branch file that have a column
-- filled.
--
-- Definition  p_file_type is users or locations; p_columns are the columns to count. A word for
--             nothing is not filled, nor is a branch name equal to its id, which is how unnamed
--             branches are stored.
-- Units       counts of rows
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/files/judging.py
create or replace function get_filled_columns(
    p_tenant_id uuid, p_file_type text, p_columns text[]
)
returns table (column_name text, filled_count bigint, row_count bigint)
language plpgsql
stable
as $$
declare
    v_words text[] := _nothing_words(p_tenant_id);
begin
    return query
    select
        c.name, count(*) filter (where not _is_nothing(c.value, v_words)),
        count(*)
    from users as u
    cross join lateral (
        values
        ('name', u.name), ('email', u.email), ('phone', u.phone),
        ('buying_company_erp_id', u.buying_company_erp_id),
        ('buying_company_name', u.buying_company_name), ('branch_id', u.branch_id),
        ('account_owner', u.account_owner)
    ) as c (name, value)
    where u.tenant_id = p_tenant_id and p_file_type = 'users' and c.name = any(p_columns)
    group by c.name
    union all
    select
        c.name, count(*) filter (where not _is_nothing(c.value, v_words)),
        count(*)
    from locations as l
    cross join lateral (
        values
        ('name', nullif(l.name, l.location_id)), ('city', l.city), ('region', l.region),
        ('email', l.email), ('phone', l.phone)
    ) as c (name, value)
    where
        l.tenant_id = p_tenant_id and p_file_type = 'locations' and c.name = any(p_columns)
    group by c.name
    order by 1;
end;
$$;
