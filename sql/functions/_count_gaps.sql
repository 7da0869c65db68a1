-- _count_gaps: what the changed visitors add to the gap tables, times p_sign, into gap_change.
--
-- Definition  Per branch ('=' and its id) and for all branches together ('*'). Rows without a
--             date before the
--             previous one count days with a page view (visitors); the others count sessions
--             (repeat visitors). '-infinity' is "never before".
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/_store_sessions.sql
create or replace function _count_gaps(p_tenant_id uuid, p_sign integer)
returns void
language plpgsql
as $$
begin
    create temporary table visitor_session on commit drop as
    select
        s.visitor_id, b.scope, s.session_date, s.first_ts, s.session_key, s.session_id,
        s.page_views > 0 as is_seen
    from changed_visitor as c
    inner join session as s on s.visitor_id = c.visitor_id
    cross join lateral (values ('*'), ('=' || s.branch_id)) as b (scope)
    where s.tenant_id = p_tenant_id;
    insert into gap_change
    select d.scope, d.session_date, d.previous_date, null, p_sign * count(*)
    from (
        select
            v.scope, v.session_date,
            coalesce(lag(v.session_date) over (
                partition by v.visitor_id, v.scope order by v.session_date
            ), '-infinity') as previous_date
        from visitor_session as v
        where v.is_seen
        group by v.visitor_id, v.scope, v.session_date
    ) as d
    group by 1, 2, 3;
    insert into gap_change
    select r.scope, r.session_date, r.previous_date, r.before_previous_date, p_sign * count(*)
    from (
        select
            v.scope, v.session_date,
            lag(v.session_date) over in_order as previous_date,
            coalesce(lag(v.session_date, 2) over in_order, '-infinity') as before_previous_date
        from visitor_session as v
        window in_order as (
            partition by v.visitor_id, v.scope
            order by v.session_date, v.first_ts, v.session_key, v.session_id
        )
    ) as r
    where r.previous_date is not null
    group by 1, 2, 3, 4;
    drop table visitor_session;
end;
$$;
