alter table setting_save enable row level security;
alter table setting_save force row level security;
drop policy if exists tenant_fence on setting_save;
create policy tenant_fence on setting_save
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update on setting_save to app_web;
grant select on setting_save to app_worker;
