alter table task_scale enable row level security;
alter table task_scale force row level security;
drop policy if exists tenant_fence on task_scale;
create policy tenant_fence on task_scale
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on task_scale to app_web;
grant select, insert, update, delete on task_scale to app_worker;
