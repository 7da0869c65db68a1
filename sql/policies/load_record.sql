alter table load_record enable row level security;
alter table load_record force row level security;
drop policy if exists tenant_fence on load_record;
create policy tenant_fence on load_record
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on load_record to app_web;
grant select, insert, update, delete on load_record to app_worker;
