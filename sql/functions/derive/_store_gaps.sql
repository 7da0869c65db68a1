-- _store_gaps: add gap_change to the gap tables and delete rows that became zero.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_store_sessions.sql
create or replace function _store_gaps(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    insert into visitor_gap as g
    select p_tenant_id, c.scope, c.session_date, c.previous_date, sum(c.visitors)
    from gap_change as c
    where c.before_previous_date is null
    group by 2, 3, 4
    having sum(c.visitors) <> 0
    order by 2, 3, 4
    on conflict on constraint visitor_gap_pkey
    do update set visitors = g.visitors + excluded.visitors;
    insert into repeat_gap as g
    select
        p_tenant_id, c.scope, c.session_date, c.previous_date, c.before_previous_date,
        sum(c.visitors)
    from gap_change as c
    where c.before_previous_date is not null
    group by 2, 3, 4, 5
    having sum(c.visitors) <> 0
    order by 2, 4, 3, 5
    on conflict on constraint repeat_gap_pkey
    do update set visitors = g.visitors + excluded.visitors;
    delete from visitor_gap as g
    using gap_change as c
    where
        g.tenant_id = p_tenant_id and g.visitors = 0 and c.visitors < 0
        and g.scope = c.scope and g.session_date = c.session_date
        and g.previous_date = c.previous_date;
    delete from repeat_gap as g
    using gap_change as c
    where
        g.tenant_id = p_tenant_id and g.visitors = 0 and c.visitors < 0
        and g.scope = c.scope and g.session_date = c.session_date
        and g.previous_date = c.previous_date
        and g.before_previous_date = c.before_previous_date;
end;
$$;
