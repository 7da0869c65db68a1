-- get_recovered_revenue: orders after somebody contacted the customer, by task type and rep,
-- compared with how often customers ordered without a contact.
--
-- Definition  Contacts are logged calls, and tasks done as won, will order later or no answer, if
--             not undone, on the days p_start_date to p_end_date in the tenant's zone. The
--             customer's first orders within attribution_days after a contact are each credited
--             once, to the latest contact. A row with done_by: contacts made, orders and revenue
--             credited, tasks contacted about, and those whose customer ordered within that time. A
--             row with done_by null: the tasks of that type that became ready on these days without
--             a contact, and those whose customer ordered within as many days. p_location_ids:
--             tasks and orders of these branches only.
-- Units       orders and revenue, net of refunds, in the reporting currency; same_item is the part
--             for items of the discussed carts. Other currencies are in
--             get_recovered_other_currencies.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/board/queries.py
create or replace function get_recovered_revenue(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[] default null
)
returns table (
    task_type text, done_by text, contacts bigint, orders bigint, revenue numeric,
    same_item numeric, tasks bigint, tasks_ordered bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_days integer := (select r.attribution_days from _task_rules(p_tenant_id) as r);
    v_zone text := (select c.time_zone from tenant_config as c where c.tenant_id = p_tenant_id);
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
    v_from timestamptz := p_start_date::timestamp at time zone v_zone;
    v_to timestamptz := (p_end_date + 1)::timestamp at time zone v_zone;
begin
    return query
    with purchases as (
        select o.customer_key, o.order_ts
        from _orders_by_customer(p_tenant_id, p_start_date - 1, p_end_date + v_days + 1) as o
        where p_location_ids is null or o.branch_id = any(p_location_ids)
    ),
    contacts as (
        select c.*
        from _task_contacts(p_tenant_id, v_from, 'infinity') as c
    ),
    credits as (
        select o.*
        from _credited_orders(p_tenant_id, v_from, v_to, v_days) as o
        where
            o.currency = ''
            and (p_location_ids is null or o.branch_id = any(p_location_ids))
    ),
    ready as (
        select t.task_id, t.task_type, t.customer_key, t.ready_at
        from task as t
        where
            t.tenant_id = p_tenant_id and t.is_task
            and _is_judged(t.task_type, t.last_at, t.ready_at, v_loaded)
            and t.ready_at >= v_from and t.ready_at < v_to
            and (p_location_ids is null or t.branch_id = any(p_location_ids))
            and t.task_id not in (select c.task_id from contacts as c)
    ),
    followed as (
        select c.history_id as id
        from contacts as c
        inner join purchases as p
            on
                p.customer_key = c.customer_key and p.order_ts > c.happened_at
                and p.order_ts <= c.happened_at + make_interval(days => v_days)
        union
        select r.task_id
        from ready as r
        inner join purchases as p
            on
                p.customer_key = r.customer_key and p.order_ts > r.ready_at
                and p.order_ts <= r.ready_at + make_interval(days => v_days)
    ),
    spoken as (
        select
            c.history_id, c.task_type, c.done_by, c.task_id, f.id is not null as has_order,
            row_number() over (
                partition by c.task_id order by c.happened_at desc, c.history_id
            ) = 1 as is_last
        from contacts as c
        left join followed as f on f.id = c.history_id
        where
            c.happened_at < v_to
            and (p_location_ids is null or c.branch_id = any(p_location_ids))
    )
    select
        s.task_type, s.done_by, count(distinct s.history_id), count(c.order_key),
        coalesce(sum(c.net_revenue), 0), coalesce(sum(c.same_item), 0),
        count(distinct s.task_id) filter (where s.is_last),
        count(distinct s.task_id) filter (where s.is_last and s.has_order)
    from spoken as s
    left join credits as c on c.history_id = s.history_id
    group by s.task_type, s.done_by
    union all
    select
        r.task_type, null, 0, 0, 0, 0, count(*), count(f.id)
    from ready as r
    left join followed as f on f.id = r.task_id
    group by r.task_type
    order by 1, 2 nulls last;
end;
$$;
