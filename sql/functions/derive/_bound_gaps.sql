-- _bound_gaps: the visitors, scopes and days affected by the changed sessions, into changed_scope.
--
-- Definition  One row per visitor and scope ('=' and a branch, or '*'). Changed are the days from
--             first_date to last_date. A gap looks back no further than the second last session or
--             the last day with a page view. Gaps therefore change only up to until_date, the day
--             of the second session with a page view after the change, and depend only on days
--             after since_date, the day of the second such session before it.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_store_sessions.sql
create or replace function _bound_gaps(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    create temporary table changed_scope on commit drop as
    select
        row_number() over () as scope_number, c.visitor_id, c.scope, c.first_date,
        coalesce((
            select s.session_date
            from session as s
            where
                s.tenant_id = p_tenant_id and s.visitor_id = c.visitor_id
                and s.session_date < c.first_date and s.page_views > 0
                and c.scope in ('*', '=' || s.branch_id)
            order by s.session_date desc
            offset 1 limit 1
        ), '-infinity') as since_date,
        coalesce((
            select s.session_date
            from session as s
            where
                s.tenant_id = p_tenant_id and s.visitor_id = c.visitor_id
                and s.session_date > c.last_date and s.page_views > 0
                and c.scope in ('*', '=' || s.branch_id)
            order by s.session_date
            offset 1 limit 1
        ), 'infinity') as until_date
    from (
        select
            m.visitor_id, b.scope, min(m.session_date) as first_date,
            max(m.session_date) as last_date
        from (
            select o.old_visitor as visitor_id, o.old_branch as branch_id,
                o.old_date as session_date
            from session_change as o
            where o.is_moved and o.old_visitor is not null
            union all
            select n.new_visitor, n.new_branch, n.new_date
            from session_change as n
            where n.is_moved and n.new_visitor is not null
        ) as m
        cross join lateral (values ('*'), ('=' || m.branch_id)) as b (scope)
        group by m.visitor_id, b.scope
    ) as c;
    analyze changed_scope;
end;
$$;
