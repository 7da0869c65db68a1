-- _derive_term_visits: the terms searched for in the touched sessions, into term_visit.
--
-- Definition  One row per session, term, day, branch and customer (company, else contact, else
--             device); position is that of the first search. is_first marks the row of the
--             session's first search for the term, is_first_failed the row of its first failed one;
--             summed over any days and branches, they count each session once. A search without a
--             term has term ''; a search without a session is never first. is_converted: the
--             session has an order.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql, after _store_orders and _derive_facts
create or replace function _derive_term_visits(p_tenant_id uuid)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_sessions bigint[];
    v_ordered bigint[];
begin
    v_sessions := _few(array(select d.session_key from touched_session as d));
    create temporary table term_visit_new (like term_visit) on commit drop;
    insert into term_visit_new
    with visits as (
        select
            f.session_key, f.session_id, min(f.position) as position, f.event_date, f.branch_id,
            coalesce(f.term, '') as term,
            coalesce(
                'k:' || f.company_id, 'c:' || f.contact_id, 'd:' || f.user_pseudo_id
            ) as customer_key,
            count(*) filter (where f.kind = 'search') as found,
            count(*) filter (where f.kind = 'failed_search') as failed,
            min(f.position) filter (where f.kind = 'failed_search') as failed_position,
            max(f.fact_ts) as last_at, f.has_session
        from fact_new as f
        where f.task_type = 'search'
        group by f.session_key, f.session_id, f.event_date, f.branch_id, 6, 7, f.has_session
    )
    select
        p_tenant_id, v.session_key, v.session_id, v.position, v.event_date, v.branch_id, v.term,
        hashtextextended(v.term, 0), v.customer_key, v.found, v.failed,
        v.has_session and v.position = min(v.position) over terms,
        v.has_session and coalesce(v.failed_position = min(v.failed_position) over terms, false),
        o.session_id is not null, v.last_at, v.has_session
    from visits as v
    left join (
        select distinct w.session_key, w.session_id
        from shop_order as w
        where
            w.tenant_id = p_tenant_id and w.session_id is not null
            and (v_sessions is null or w.session_key = any(v_sessions))
    ) as o on o.session_key = v.session_key and o.session_id = v.session_id
    window terms as (partition by v.session_key, v.session_id, v.term);
    delete from term_visit as t
    using touched_session as s
    where
        t.tenant_id = p_tenant_id
        and t.session_key = s.session_key and t.session_id = s.session_id
        and (v_sessions is null or t.session_key = any(v_sessions))
        and not exists (
            select from term_visit_new as n
            where
                n.session_key = t.session_key and n.session_id = t.session_id
                and n.position = t.position and row(n.*) is not distinct from row(t.*)
        );
    insert into term_visit
    select n.*
    from term_visit_new as n
    where not exists (
        select from term_visit as t
        where
            t.tenant_id = p_tenant_id and t.session_key = n.session_key
            and t.session_id = n.session_id and t.position = n.position
            and (v_sessions is null or t.session_key = any(v_sessions))
    );
    v_ordered := _few(array(select d.session_key from order_image as d));
    update term_visit as t
    set is_converted = not t.is_converted
    from (
        select distinct i.session_key, i.session_id, o.order_key is not null as has_order
        from order_image as i
        left join shop_order as o
            on
                o.tenant_id = p_tenant_id and o.session_key = i.session_key
                and o.session_id = i.session_id
    ) as c
    where
        t.tenant_id = p_tenant_id and t.session_key = c.session_key
        and t.session_id = c.session_id and t.is_converted <> c.has_order
        and (v_ordered is null or t.session_key = any(v_ordered));
end;
$$;
