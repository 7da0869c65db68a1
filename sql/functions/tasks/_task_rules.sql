-- _task_rules: the thresholds of a tenant's tasks: its settings, else the defaults.
--
-- Units       *_days are days, *_hours hours; the others are counts.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   functions that derive or list tasks; app/tasks/queries.py
create or replace function _task_rules(p_tenant_id uuid)
returns table (
    chain_days integer, cart_hours integer, cart_days integer, purchase_days integer,
    search_days integer, searches integer, term_sessions integer, visit_pages integer,
    visits integer, visit_days integer, bounces integer, bounce_days integer,
    cool_days integer, no_answer_days integer, no_answers integer, attribution_days integer
)
language plpgsql
stable
as $$
begin
    return query
    select
        coalesce((c.rules ->> 'chain_days')::integer, 30),
        coalesce((c.rules ->> 'cart_hours')::integer, 24),
        coalesce((c.rules ->> 'cart_days')::integer, 30),
        coalesce((c.rules ->> 'purchase_days')::integer, 14),
        coalesce((c.rules ->> 'search_days')::integer, 30),
        coalesce((c.rules ->> 'searches')::integer, 3),
        coalesce((c.rules ->> 'term_sessions')::integer, 2),
        coalesce((c.rules ->> 'visit_pages')::integer, 3),
        coalesce((c.rules ->> 'visits')::integer, 2),
        coalesce((c.rules ->> 'visit_days')::integer, 14),
        coalesce((c.rules ->> 'bounces')::integer, 2),
        coalesce((c.rules ->> 'bounce_days')::integer, 14),
        coalesce((c.rules ->> 'cool_days')::integer, 7),
        coalesce((c.rules ->> 'no_answer_days')::integer, 2),
        coalesce((c.rules ->> 'no_answers')::integer, 3),
        coalesce((c.rules ->> 'attribution_days')::integer, 7)
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
end;
$$;
