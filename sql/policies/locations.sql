alter table locations enable row level security;
alter table locations force row level security;
drop policy if exists tenant_fence on locations;
create policy tenant_fence on locations
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on locations to app_web;
grant select, insert, update, delete on locations to app_worker;
