alter table email_link enable row level security;
alter table email_link force row level security;
drop policy if exists tenant_fence on email_link;
create policy tenant_fence on email_link
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert on email_link to app_worker;
grant select on email_link to app_web;
grant update (revoked_at, revoked_by) on email_link to app_web;
