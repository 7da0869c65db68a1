alter table task_work enable row level security;
alter table task_work force row level security;
drop policy if exists tenant_fence on task_work;
create policy tenant_fence on task_work
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update on task_work to app_web;
grant select, insert, update, delete on task_work to app_worker;
