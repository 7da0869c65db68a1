alter table job_refusal enable row level security;
alter table job_refusal force row level security;
drop policy if exists tenant_fence on job_refusal;
create policy tenant_fence on job_refusal
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on job_refusal to app_web;
grant select, insert, update, delete on job_refusal to app_worker;
