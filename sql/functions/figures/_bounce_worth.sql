-- _bounce_worth: the estimated loss from one bounced session.
--
-- Definition  Conversion of engaged sessions (sessions with an order ÷ sessions that did not
--             bounce) × the average order, for these days and branches; null with fewer than 20
--             engaged sessions, or without an order.
-- Units       money in the reporting currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/get_landing_pages.sql
create or replace function _bounce_worth(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[]
)
returns numeric
language plpgsql
stable
as $$
declare
    v_engaged bigint;
    v_with_order bigint;
    v_average numeric;
begin
    select sum(b.sessions - b.bounces), sum(b.sessions_with_order) into v_engaged, v_with_order
    from branch_day as b
    where
        b.tenant_id = p_tenant_id and b.event_date between p_start_date and p_end_date
        and (p_location_ids is null or b.branch_id = any(p_location_ids));
    select sum(m.revenue) / nullif(sum(m.orders), 0) into v_average
    from branch_day_money as m
    inner join tenant_config as c on c.tenant_id = m.tenant_id
    where
        m.tenant_id = p_tenant_id and m.event_date between p_start_date and p_end_date
        and m.currency in ('', c.reporting_currency)
        and (p_location_ids is null or m.branch_id = any(p_location_ids));
    if v_engaged >= 20 then
        return v_with_order * v_average / v_engaged;
    end if;
    return null;
end;
$$;
