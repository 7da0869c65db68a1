alter table email_sending_jobs enable row level security;
alter table email_sending_jobs force row level security;
drop policy if exists tenant_fence on email_sending_jobs;
create policy tenant_fence on email_sending_jobs
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert on email_sending_jobs to app_web, app_worker;
grant update (planned_at) on email_sending_jobs to app_worker;
