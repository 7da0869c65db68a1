alter table task enable row level security;
alter table task force row level security;
drop policy if exists tenant_fence on task;
create policy tenant_fence on task
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on table task to app_web;
grant update (task_id, state, outcome, owner) on table task to app_web;
grant update (snoozed_until, version, touched_at, cool_until, fixed_at) on table task to app_web;
grant select, insert, update, delete on table task to app_worker;
