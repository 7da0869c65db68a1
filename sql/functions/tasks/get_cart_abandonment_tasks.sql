-- get_cart_abandonment_tasks: one row per abandoned cart.
--
-- Definition  docs/glossary.md. p_only: recovered (closed by a later order). Defaults list every
--             state, highest score first.
-- Units       as listed_task; p_end_date is inclusive and refers to the last evidence.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/queries.py
create or replace function get_cart_abandonment_tasks(
    p_tenant_id uuid, p_scope member_scope, p_start_date date, p_end_date date,
    p_location_ids text[] default null,
    p_query text default null, p_states text[] default null, p_reachable boolean default false,
    p_least_value numeric default null, p_sort_field text default 'score',
    p_sort_order text default 'desc', p_limit integer default 50, p_offset integer default 0,
    p_after jsonb default null, p_is_back boolean default false,
    p_now timestamptz default now(), p_only text default null,
    p_holders text[] default null
)
returns setof listed_task
language plpgsql
stable
as $$
begin
    return query
    select t.*
    from _list_tasks(
        p_tenant_id, p_scope, array['cart'], p_start_date, p_end_date, p_location_ids,
        p_query, p_states, p_reachable, p_least_value, p_sort_field, p_sort_order, p_limit,
        p_offset, p_after, p_is_back, p_now, p_only, p_holders
    ) as t;
end;
$$;
