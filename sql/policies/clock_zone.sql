alter table clock_zone enable row level security;
alter table clock_zone force row level security;
drop policy if exists tenant_fence on clock_zone;
create policy tenant_fence on clock_zone
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on clock_zone to app_web;
grant select, insert, update, delete on clock_zone to app_worker;
