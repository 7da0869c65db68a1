alter table branch_day_money enable row level security;
alter table branch_day_money force row level security;
drop policy if exists tenant_fence on branch_day_money;
create policy tenant_fence on branch_day_money
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on branch_day_money to app_web;
grant select, insert, update, delete on branch_day_money to app_worker;
