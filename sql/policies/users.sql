alter table users enable row level security;
alter table users force row level security;
drop policy if exists tenant_fence on users;
create policy tenant_fence on users
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on users to app_web;
grant select, insert, update, delete on users to app_worker;
