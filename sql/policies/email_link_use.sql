alter table email_link_use enable row level security;
alter table email_link_use force row level security;
drop policy if exists tenant_fence on email_link_use;
create policy tenant_fence on email_link_use
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert on email_link_use to app_web;
