-- _collect_sessions: one row in session_found per touched session that still has events.
--
-- Definition  Counts, bounds and, if the session has only one contact, company and branch, its
--             identity. Sessions with several are marked is_mixed and added to mixed_session for
--             _resolve_mixed.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _collect_sessions(p_tenant_id uuid)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_sessions bigint[];
    v_first date;
    v_last date;
begin
    v_sessions := _few(array(select d.session_key from touched_session as d));
    select
        least(min(s.first_event_date), (select min(r.event_date) from replaced as r)),
        greatest(max(s.last_event_date), (select max(r.event_date) from replaced as r))
    into v_first, v_last
    from touched_session as t
    left join session as s
        on
            s.tenant_id = p_tenant_id
            and s.session_key = t.session_key and s.session_id = t.session_id
            and (v_sessions is null or s.session_key = any(v_sessions));
    execute _session_query() using p_tenant_id, v_first, v_last;
    insert into mixed_session
    select n.session_key, n.session_id, n.first_event_date, n.last_event_date
    from session_found as n
    where n.is_mixed;
end;
$$;
