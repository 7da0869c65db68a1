alter table task enable row level security;
alter table task force row level security;
drop policy if exists tenant_fence on task;
create policy tenant_fence on task
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, update (
    task_id, state, outcome, owner, snoozed_until, version, touched_at, cool_until, fixed_at
) on task to app_web;
grant select, insert, update, delete on task to app_worker;
