-- _store_sessions: write the changed sessions and update the visitor counts.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _store_sessions(p_tenant_id uuid)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_touched bigint[];
    v_changed bigint[];
begin
    v_touched := _few(array(select d.session_key from touched_session as d));
    create temporary table session_change on commit drop as
    select
        coalesce(o.session_key, n.session_key) as session_key,
        coalesce(o.session_id, n.session_id) as session_id,
        o.session_date as old_date, n.session_date as new_date,
        o.visitor_id as old_visitor, n.visitor_id as new_visitor,
        o.branch_id as old_branch, n.branch_id as new_branch,
        (o.visitor_id, o.session_date, o.branch_id, o.page_views > 0, o.first_ts)
        is distinct from
        (n.visitor_id, n.session_date, n.branch_id, n.page_views > 0, n.first_ts) as is_moved
    from (
        select s.*
        from session as s
        inner join touched_session as t
            on s.session_key = t.session_key and s.session_id = t.session_id
        where
            s.tenant_id = p_tenant_id
            and (v_touched is null or s.session_key = any(v_touched))
    ) as o
    full join session_new as n
        on o.session_key = n.session_key and o.session_id = n.session_id
    where o.row_hash is distinct from n.row_hash;
    analyze session_change;
    v_changed := _few(array(select d.session_key from session_change as d));
    perform _bound_gaps(p_tenant_id);
    perform _count_gaps(p_tenant_id, -1);
    delete from session as s
    using session_change as c
    where
        s.tenant_id = p_tenant_id
        and s.session_key = c.session_key and s.session_id = c.session_id
        and (v_changed is null or s.session_key = any(v_changed));
    insert into session
    select n.*
    from session_new as n
    inner join session_change as c
        on n.session_key = c.session_key and n.session_id = c.session_id;
    perform _count_gaps(p_tenant_id, 1);
    perform _store_gaps(p_tenant_id);
    insert into touched_day
    select c.old_date from session_change as c where c.old_date is not null
    union
    select c.new_date from session_change as c where c.new_date is not null
    on conflict do nothing;
end;
$$;
