alter table connection_check enable row level security;
alter table connection_check force row level security;
drop policy if exists tenant_fence on connection_check;
create policy tenant_fence on connection_check
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update, delete on connection_check to app_web;
grant select, insert, update on connection_check to app_worker;
