alter table email_stop enable row level security;
alter table email_stop force row level security;
drop policy if exists tenant_fence on email_stop;
create policy tenant_fence on email_stop
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, delete on email_stop to app_web;
grant select, insert, update, delete on email_stop to app_worker;
