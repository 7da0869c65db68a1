-- _fix_scale: today's row of task_scale: the factors of scores and estimates.
--
-- Definition  Over the 90 days up to the end of loaded data: the 90th percentile of task values
--             above 0 (in the reporting currency, including estimates), sessions with a successful
--             search, those of them with an order, and the average order. Computed at the end of
--             every load, so that they do not depend on the order of loads. Carts not yet judged
--             are left out.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_tasks.sql, sql/functions/tasks/_fix_scale_daily.sql
create or replace function _fix_scale(p_tenant_id uuid)
returns void
language plpgsql
set work_mem = '64MB'
as $$
declare
    v_today date;
    v_currency text;
    v_from date;
    v_sessions bigint;
    v_with_order bigint;
    v_average numeric;
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
begin
    select (now() at time zone c.time_zone)::date, c.reporting_currency into v_today, v_currency
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    select max(d.event_date) - 89 into v_from from day_load as d where d.tenant_id = p_tenant_id;
    select count(*), count(o.session_id) into v_sessions, v_with_order
    from session as s
    left join (
        select distinct w.session_key, w.session_id
        from shop_order as w
        where w.tenant_id = p_tenant_id and w.session_id is not null and w.order_date >= v_from
    ) as o on o.session_key = s.session_key and o.session_id = s.session_id
    where
        s.tenant_id = p_tenant_id and s.session_date >= v_from and s.searches > 0
        and s.visitor_id is not null;
    select avg(o.revenue) into v_average
    from shop_order as o
    where
        o.tenant_id = p_tenant_id and o.order_date >= v_from
        and o.currency in ('', v_currency) and not o.is_excluded;
    insert into task_scale as s (
        tenant_id, scale_date, value_p90, search_sessions, search_sessions_with_order,
        average_order
    )
    select
        p_tenant_id, v_today,
        percentile_cont(0.9) within group (order by k.value) filter (where k.value > 0),
        v_sessions, v_with_order, v_average
    from (
        select
            case
                when t.estimate_sessions = 0 then t.value
                when v_sessions >= 20
                    then t.estimate_sessions * v_with_order * v_average / v_sessions
            end as value
        from task as t
        where
            t.tenant_id = p_tenant_id and t.is_task and t.last_date >= v_from
            and _is_judged(t.task_type, t.last_at, t.ready_at, v_loaded)
            and t.currency in ('', v_currency)
    ) as k
    on conflict on constraint task_scale_pkey do update set
        value_p90 = excluded.value_p90, search_sessions = excluded.search_sessions,
        search_sessions_with_order = excluded.search_sessions_with_order,
        average_order = excluded.average_order;
end;
$$;
