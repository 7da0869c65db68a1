-- _filed_customers: the customers in the customer file: companies, and contacts without one.
--
-- Definition  words: the searchable words; shown_words: the same without what viewers see masked;
--             own_words: only the customer's own id and name. All empty unless p_is_searched.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/customers/list_customers.sql
create or replace function _filed_customers(
    p_tenant_id uuid, p_is_searched boolean
)
returns table (
    customer_key text, name text, people bigint, words text, shown_words text, own_words text
)
language plpgsql
stable
as $$
begin
    return query
    select
        coalesce('k:' || u.buying_company_erp_id, 'c:' || u.user_id),
        coalesce(
            min(nullif(u.buying_company_name, '')),
            min(nullif(u.name, '')) filter (where u.buying_company_erp_id is null)
        ),
        count(*),
        case
            when not p_is_searched then ''
            else string_agg(concat_ws(
                ' ', u.user_id, u.name, u.email, u.phone, u.buying_company_erp_id,
                u.buying_company_name
            ), ' ')
        end,
        case
            when not p_is_searched then ''
            else string_agg(concat_ws(
                ' ', case when strpos(u.user_id, '@') = 0 then u.user_id end,
                u.buying_company_erp_id, u.buying_company_name
            ), ' ')
        end,
        case
            when not p_is_searched then ''
            else concat_ws(
                ' ', max(u.buying_company_erp_id), max(u.buying_company_name),
                max(concat_ws(' ', u.user_id, u.name)) filter (
                    where u.buying_company_erp_id is null
                )
            )
        end
    from users as u
    where u.tenant_id = p_tenant_id
    group by 1;
end;
$$;
