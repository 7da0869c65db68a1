alter table processing_jobs enable row level security;
alter table processing_jobs force row level security;
drop policy if exists tenant_fence on processing_jobs;
create policy tenant_fence on processing_jobs
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
-- The sweeper and a worker that knows only a job's id look across tenants, as app_admin.
drop policy if exists job_queue on processing_jobs;
create policy job_queue on processing_jobs to app_admin using (true);
grant select, insert, update on processing_jobs to app_web;
grant select, insert, update, delete on processing_jobs to app_worker;
grant select, update on processing_jobs to app_admin;
