alter table email_schedule enable row level security;
alter table email_schedule force row level security;
drop policy if exists tenant_fence on email_schedule;
create policy tenant_fence on email_schedule
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update, delete on email_schedule to app_web;
grant select on email_schedule to app_worker;
grant update (due_at) on email_schedule to app_worker;
-- The scheduler finds what is due across tenants, as app_admin, and starts it as the tenant.
drop policy if exists scheduler on email_schedule;
create policy scheduler on email_schedule for select to app_admin using (true);
grant select on email_schedule to app_admin;
