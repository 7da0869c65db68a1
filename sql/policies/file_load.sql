alter table file_load enable row level security;
alter table file_load force row level security;
drop policy if exists tenant_fence on file_load;
create policy tenant_fence on file_load
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on file_load to app_web;
grant select, insert, update, delete on file_load to app_worker;
