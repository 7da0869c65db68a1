alter table clock_hour enable row level security;
alter table clock_hour force row level security;
drop policy if exists tenant_fence on clock_hour;
create policy tenant_fence on clock_hour
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on clock_hour to app_web;
grant select, insert, update, delete on clock_hour to app_worker;
