alter table ingest_schedule enable row level security;
alter table ingest_schedule force row level security;
drop policy if exists tenant_fence on ingest_schedule;
create policy tenant_fence on ingest_schedule
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
-- The scheduler finds what is due across tenants, as app_admin, and starts it as the tenant.
drop policy if exists scheduler on ingest_schedule;
create policy scheduler on ingest_schedule to app_admin using (true);
grant select, insert, update, delete on ingest_schedule to app_web;
grant select, update on ingest_schedule to app_worker;
grant select on ingest_schedule to app_admin;
