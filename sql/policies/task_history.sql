alter table task_history enable row level security;
alter table task_history force row level security;
drop policy if exists tenant_fence on task_history;
create policy tenant_fence on task_history
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert on task_history to app_web;
grant select, insert on task_history to app_worker;
