alter table repeat_gap enable row level security;
alter table repeat_gap force row level security;
drop policy if exists tenant_fence on repeat_gap;
create policy tenant_fence on repeat_gap
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on repeat_gap to app_web;
grant select, insert, update, delete on repeat_gap to app_worker;
