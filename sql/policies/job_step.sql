alter table job_step enable row level security;
alter table job_step force row level security;
drop policy if exists tenant_fence on job_step;
create policy tenant_fence on job_step
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on job_step to app_web;
grant select, insert, update, delete on job_step to app_worker;
