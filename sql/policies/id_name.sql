alter table id_name enable row level security;
alter table id_name force row level security;
drop policy if exists tenant_fence on id_name;
create policy tenant_fence on id_name
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on id_name to app_web;
grant select, insert, update, delete on id_name to app_worker;
