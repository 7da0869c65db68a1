alter table email_schedule_run enable row level security;
alter table email_schedule_run force row level security;
drop policy if exists tenant_fence on email_schedule_run;
create policy tenant_fence on email_schedule_run
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on email_schedule_run to app_web;
grant select, insert on email_schedule_run to app_worker;
-- A day that was too late in the morning may still have a run in the evening.
grant update (due_at, outcome, job_id, decided_at) on email_schedule_run to app_worker;
