-- _touch_recent: touch the sessions from p_first_date on, and all subjects with evidence since.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/settings/effect.py
create or replace function _touch_recent(p_tenant_id uuid, p_first_date date)
returns void
language plpgsql
as $$
begin
    insert into touched_session
    select s.session_key, s.session_id
    from session as s
    where s.tenant_id = p_tenant_id and s.session_date >= p_first_date
    on conflict do nothing;
    insert into touched_subject
    select distinct f.task_type, f.subject
    from fact as f
    where f.tenant_id = p_tenant_id and f.event_date >= p_first_date
    on conflict do nothing;
    analyze touched_session;
end;
$$;
