-- _branch_day_query: SQL text that sums the touched days into branch_day. Parameters: $1 tenant, $2
-- and $3 first and last touched day.
--
-- Called by   sql/functions/derive/_derive_branch_days.sql
create or replace function _branch_day_query()
returns text
language sql
immutable
as $$
    select '
        insert into branch_day
        select
            $1, c.event_date, c.branch_id, sum(c.sessions), sum(c.sessions_with_order),
            sum(c.bounces), sum(c.page_views), sum(c.searches), sum(c.failed_searches),
            sum(c.cookieless_events), sum(c.duplicate_orders), sum(c.orders_without_revenue)
        from (
            select
                s.session_date as event_date, s.branch_id, 1 as sessions,
                (o.session_id is not null)::integer as sessions_with_order,
                s.is_bounce::integer as bounces, s.page_views, 0 as searches,
                0 as failed_searches, 0 as cookieless_events, 0 as duplicate_orders,
                0 as orders_without_revenue
            from touched_day as d
            inner join session as s on s.session_date = d.event_date
            left join (
                select distinct w.session_key, w.session_id
                from shop_order as w
                where w.tenant_id = $1 and w.session_id is not null
            ) as o on o.session_key = s.session_key and o.session_id = s.session_id
            where
                s.tenant_id = $1 and s.session_date between $2 and $3
                and s.visitor_id is not null
            union all
            select
                f.event_date, f.branch_id, 0, 0, 0, 0, 1,
                (f.kind = ''failed_search'')::integer, 0, 0, 0
            from touched_day as d
            inner join fact as f on f.event_date = d.event_date
            where
                f.tenant_id = $1 and f.task_type = ''search''
                and f.event_date between $2 and $3
            union all
            select r.event_date, r.branch_id, 0, 0, 0, 0, 0, 0, 0, 1, 0
            from touched_day as d
            inner join order_repeat as r on r.event_date = d.event_date
            where r.tenant_id = $1
            union all
            select o.order_date, o.branch_id, 0, 0, 0, 0, 0, 0, 0, 0, 1
            from touched_day as d
            inner join shop_order as o on o.order_date = d.event_date
            where
                o.tenant_id = $1 and o.is_revenue_missing and not o.is_excluded
                and o.order_date between $2 and $3
            ' || string_agg(format('
            union all
            select
                e.event_date, coalesce(e.branch_id, ''''), 0, 0, 0, 0,
                %s, %s, 1, 0, 0
            from touched_day as d
            inner join %I as e on e.event_date = d.event_date
            where
                e.tenant_id = $1 and e.session_key is null
                and coalesce(e.user_id, e.company_id, e.user_pseudo_id) is null
                and e.event_date between $2 and $3
        ', s.is_search, s.is_failed, s.event_type), '') || '
        ) as c
        group by c.event_date, c.branch_id'
    from (values
        ('purchase', 0, 0), ('add_to_cart', 0, 0), ('page_view', 0, 0), ('view_item', 0, 0),
        ('view_search_results', 1, 0), ('no_search_results', 1, 1)
    ) as s (event_type, is_search, is_failed)
$$;
