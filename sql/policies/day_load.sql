alter table day_load enable row level security;
alter table day_load force row level security;
drop policy if exists tenant_fence on day_load;
create policy tenant_fence on day_load
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on day_load to app_web;
grant select, insert, update, delete on day_load to app_worker;
