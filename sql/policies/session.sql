alter table session enable row level security;
alter table session force row level security;
drop policy if exists tenant_fence on session;
create policy tenant_fence on session
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on session to app_web;
grant select, insert, update, delete on session to app_worker;
