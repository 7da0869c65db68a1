alter table task_cooldown enable row level security;
alter table task_cooldown force row level security;
drop policy if exists tenant_fence on task_cooldown;
create policy tenant_fence on task_cooldown
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, delete on task_cooldown to app_web;
grant select, insert, delete on task_cooldown to app_worker;
