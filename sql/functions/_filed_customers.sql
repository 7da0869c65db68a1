-- _filed_customers: the customers of the customer file: companies, and contacts without one.
--
-- Definition  is_ours: one of its contacts belongs to a branch of p_location_ids (null: all). words:
--             what people search them by, empty unless p_is_searched.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/list_customers.sql
create or replace function _filed_customers(
    p_tenant_id uuid, p_location_ids text[], p_is_searched boolean
)
returns table (customer_key text, name text, people bigint, is_ours boolean, words text)
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
        bool_or(p_location_ids is null or u.branch_id = any(p_location_ids)),
        case
            when not p_is_searched then ''
            else string_agg(concat_ws(
                ' ', u.user_id, u.name, u.email, u.phone, u.buying_company_erp_id,
                u.buying_company_name
            ), ' ')
        end
    from users as u
    where u.tenant_id = p_tenant_id
    group by 1;
end;
$$;
