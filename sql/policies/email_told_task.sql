alter table email_told_task enable row level security;
alter table email_told_task force row level security;
drop policy if exists tenant_fence on email_told_task;
create policy tenant_fence on email_told_task
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on email_told_task to app_web;
grant select, insert on email_told_task to app_worker;
