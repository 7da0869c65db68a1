-- _count_gaps: the gaps that changed_scope may affect, times p_sign, into gap_change.
--
-- Definition  Per branch ('=' and its id) and for all branches together ('*'). Rows without a date
--             before the previous one count days with a page view (visitors); the others count
--             sessions (repeat visitors). '-infinity' means never before.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_store_sessions.sql, before and after the sessions change
create or replace function _count_gaps(p_tenant_id uuid, p_sign integer)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_visitors text[];
begin
    v_visitors := _few(array(select d.visitor_id from changed_scope as d));
    create temporary table visitor_session on commit drop as
    select
        c.scope_number, c.scope, c.first_date, s.session_date, s.first_ts, s.session_key,
        s.session_id, s.page_views > 0 as is_seen
    from changed_scope as c
    inner join session as s
        on
            s.visitor_id = c.visitor_id
            and s.session_date between c.since_date and c.until_date
            and c.scope in ('*', '=' || s.branch_id)
    where
        s.tenant_id = p_tenant_id
        and (v_visitors is null or s.visitor_id = any(v_visitors));
    insert into gap_change
    select d.scope, d.session_date, d.previous_date, null, p_sign * count(*)
    from (
        select
            v.scope, v.first_date, v.session_date,
            coalesce(lag(v.session_date) over (
                partition by v.scope_number order by v.session_date
            ), '-infinity') as previous_date
        from visitor_session as v
        where v.is_seen
        group by v.scope_number, v.scope, v.first_date, v.session_date
    ) as d
    where d.session_date >= d.first_date
    group by 1, 2, 3;
    insert into gap_change
    select r.scope, r.session_date, r.previous_date, r.before_previous_date, p_sign * count(*)
    from (
        select
            v.scope, v.first_date, v.session_date,
            lag(v.session_date) over in_order as previous_date,
            coalesce(lag(v.session_date, 2) over in_order, '-infinity') as before_previous_date
        from visitor_session as v
        window in_order as (
            partition by v.scope_number
            order by v.session_date, v.first_ts, v.session_key, v.session_id
        )
    ) as r
    where r.session_date >= r.first_date and r.previous_date is not null
    group by 1, 2, 3, 4;
    drop table visitor_session;
end;
$$;
