-- list_orders: one page of orders and refunds, the rows behind net revenue and the number of orders.
--
-- Definition  As _order_rows has them; those without a customer are rows too. p_kind null is both,
--             else order or refund. p_query as _order_matches has it. p_sort_field: placed_at,
--             amount or branch; ties by order and number. customer_name: of the company, else of
--             the contact; null for whom the customer file does not know.
-- Units       amount in currency ('' is the reporting one), negative for refunds.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/dashboard/orders/queries.py
create or replace function list_orders(
    p_tenant_id uuid, p_scope member_scope, p_start_date date, p_end_date date,
    p_location_ids text[], p_kind text, p_query text, p_sort_field text, p_sort_order text,
    p_limit integer, p_offset integer
)
returns table (
    kind text, order_key text, transaction_id text, placed_at timestamptz, placed_date date,
    branch_id text, currency text, amount numeric, item_count integer, session_id text,
    customer_key text, customer_name text, contact_id text, contact_name text
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_branches text[] := _branches_in_scope(p_location_ids, p_scope);
    v_companies text[] := _companies_named(p_tenant_id, p_query);
    v_is_down boolean := p_sort_order = 'desc';
begin
    return query
    with page as (
        select row_number() over () as place, w.*
        from (
            select r.*
            from _order_rows(p_tenant_id, p_start_date, p_end_date, v_branches) as r
            where
                (p_kind is null or r.kind = p_kind)
                and _order_matches(p_query, r.transaction_id, r.company_id, v_companies)
            order by
                case when p_sort_field = 'amount' and v_is_down then r.amount end desc,
                case when p_sort_field = 'amount' and not v_is_down then r.amount end,
                case when p_sort_field = 'branch' and v_is_down then r.branch_id end desc,
                case when p_sort_field = 'branch' and not v_is_down then r.branch_id end,
                case when v_is_down then r.placed_at end desc,
                case when not v_is_down then r.placed_at end,
                r.order_key, r.number
            limit p_limit offset p_offset
        ) as w
    )
    select
        p.kind, p.order_key, p.transaction_id, p.placed_at, p.placed_date, p.branch_id, p.currency,
        p.amount,
        case when jsonb_typeof(p.items_json) = 'array' then jsonb_array_length(p.items_json) end,
        p.session_id,
        coalesce('k:' || p.company_id, 'c:' || p.contact_id, 'd:' || p.user_pseudo_id),
        coalesce(c.name, nullif(u.name, '')), p.contact_id, nullif(u.name, '')
    from page as p
    left join users as u on u.tenant_id = p_tenant_id and u.user_id = p.contact_id
    left join lateral (
        select min(nullif(w.buying_company_name, '')) as name
        from users as w
        where w.tenant_id = p_tenant_id and w.buying_company_erp_id = p.company_id
    ) as c on true
    order by p.place;
end;
$$;
