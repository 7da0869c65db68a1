alter table email_switch enable row level security;
alter table email_switch force row level security;
drop policy if exists tenant_fence on email_switch;
create policy tenant_fence on email_switch
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update on email_switch to app_web;
grant select on email_switch to app_worker;
