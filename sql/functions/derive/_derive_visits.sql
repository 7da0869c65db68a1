-- _derive_visits: the touched sessions that any task rule may need, as evidence.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_facts.sql
create or replace function _derive_visits(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    execute _visit_query()
    using
        p_tenant_id,
        (select min(n.first_event_date) from session_new as n),
        (select max(n.last_event_date) from session_new as n),
        (select r.visit_pages from _task_rules(p_tenant_id) as r),
        _nothing_words(p_tenant_id);
end;
$$;
