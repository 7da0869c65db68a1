alter table tenant enable row level security;
alter table tenant force row level security;
drop policy if exists tenant_fence on tenant;
create policy tenant_fence on tenant
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
-- Sign-in and the scheduler look across tenants, as app_admin.
drop policy if exists tenant_directory on tenant;
create policy tenant_directory on tenant to app_admin using (true);
grant select on tenant to app_web, app_worker, app_admin;
