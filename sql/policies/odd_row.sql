alter table odd_row enable row level security;
alter table odd_row force row level security;
drop policy if exists tenant_fence on odd_row;
create policy tenant_fence on odd_row
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on odd_row to app_web;
grant select, insert, delete on odd_row to app_worker;
