alter table day_load enable row level security;
alter table day_load force row level security;
drop policy if exists tenant_fence on day_load;
create policy tenant_fence on day_load
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on day_load to app_web;
grant select, insert, update, delete on day_load to app_worker;
-- Metrics tell how fresh every tenant's days are, as app_admin.
drop policy if exists metrics on day_load;
create policy metrics on day_load for select to app_admin using (true);
grant select (tenant_id, event_date, event_type, source_kind) on day_load to app_admin;
