alter table visitor_gap enable row level security;
alter table visitor_gap force row level security;
drop policy if exists tenant_fence on visitor_gap;
create policy tenant_fence on visitor_gap
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on visitor_gap to app_web;
grant select, insert, update, delete on visitor_gap to app_worker;
