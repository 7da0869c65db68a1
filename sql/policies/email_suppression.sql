alter table email_suppression enable row level security;
alter table email_suppression force row level security;
drop policy if exists tenant_fence on email_suppression;
create policy tenant_fence on email_suppression
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, delete on email_suppression to app_web;
-- A refusal that turns out to be the server's is taken back.
grant select, insert, delete on email_suppression to app_worker;
