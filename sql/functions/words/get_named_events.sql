-- get_named_events: the contacts or branches named in recent events, with their number of events.
--
-- Definition  Events of the 30 days up to the last loaded one, from all six tables. p_file_type is
--             users for contacts, locations for branches: the file that should know the ids.
-- Units       event_count: events
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/files/judging.py
create or replace function get_named_events(p_tenant_id uuid, p_file_type text)
returns table (named_id text, event_count bigint)
language plpgsql
stable
as $$
declare
    v_last date := (select max(d.event_date) from day_load as d where d.tenant_id = p_tenant_id);
begin
    return query
    with events as (
        select e.tenant_id, e.event_date, e.user_id, e.branch_id
        from purchase as e
        union all
        select e.tenant_id, e.event_date, e.user_id, e.branch_id
        from add_to_cart as e
        union all
        select e.tenant_id, e.event_date, e.user_id, e.branch_id
        from page_view as e
        union all
        select e.tenant_id, e.event_date, e.user_id, e.branch_id
        from view_item as e
        union all
        select e.tenant_id, e.event_date, e.user_id, e.branch_id
        from view_search_results as e
        union all
        select e.tenant_id, e.event_date, e.user_id, e.branch_id
        from no_search_results as e
    ),
    names as (
        select case when p_file_type = 'users' then v.user_id else v.branch_id end as name
        from events as v
        where v.tenant_id = p_tenant_id and v.event_date > v_last - 30
    )
    select n.name, count(*) from names as n where n.name is not null group by n.name;
end;
$$;
