alter table branch_day enable row level security;
alter table branch_day force row level security;
drop policy if exists tenant_fence on branch_day;
create policy tenant_fence on branch_day
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on branch_day to app_web;
grant select, insert, update, delete on branch_day to app_worker;
