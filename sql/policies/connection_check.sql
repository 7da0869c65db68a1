alter table connection_check enable row level security;
alter table connection_check force row level security;
drop policy if exists tenant_fence on connection_check;
create policy tenant_fence on connection_check
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update, delete on connection_check to app_web;
grant select, insert, update on connection_check to app_worker;
-- Metrics tell of every tenant's connections, as app_admin, without what was said.
drop policy if exists metrics on connection_check;
create policy metrics on connection_check for select to app_admin using (true);
grant select (tenant_id, section, is_good, checked_at) on connection_check to app_admin;
