alter table held_file enable row level security;
alter table held_file force row level security;
drop policy if exists tenant_fence on held_file;
create policy tenant_fence on held_file
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, update (approved_by, approved_at, approval_job_id) on held_file to app_web;
grant select, insert, update, delete on held_file to app_worker;
