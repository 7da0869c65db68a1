alter table email_send_history enable row level security;
alter table email_send_history force row level security;
drop policy if exists tenant_fence on email_send_history;
create policy tenant_fence on email_send_history
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update, delete on email_send_history to app_web, app_worker;
