alter table fact enable row level security;
alter table fact force row level security;
drop policy if exists tenant_fence on fact;
create policy tenant_fence on fact
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on fact to app_web;
grant select, insert, update, delete on fact to app_worker;
