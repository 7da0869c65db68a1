-- get_recovered_other_currencies: revenue from contacts in other currencies than the reporting
-- currency.
--
-- Definition  Orders are credited as in get_recovered_revenue, each currency separately; one row
--             per task type, person and currency.
-- Units       revenue net of refunds, in currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/board/queries.py
create or replace function get_recovered_other_currencies(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[] default null
)
returns table (task_type text, done_by text, currency text, orders bigint, revenue numeric)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_days integer := (select r.attribution_days from _task_rules(p_tenant_id) as r);
    v_zone text := (select c.time_zone from tenant_config as c where c.tenant_id = p_tenant_id);
    v_from timestamptz := p_start_date::timestamp at time zone v_zone;
    v_to timestamptz := (p_end_date + 1)::timestamp at time zone v_zone;
begin
    return query
    select s.task_type, s.done_by, c.currency, count(*), sum(c.net_revenue)
    from _credited_orders(p_tenant_id, v_from, v_to, v_days) as c
    inner join _task_contacts(p_tenant_id, v_from, v_to) as s on s.history_id = c.history_id
    where
        c.currency <> ''
        and (
            p_location_ids is null
            or s.branch_id = any(p_location_ids) and c.branch_id = any(p_location_ids)
        )
    group by s.task_type, s.done_by, c.currency
    order by s.task_type, s.done_by, c.currency;
end;
$$;
