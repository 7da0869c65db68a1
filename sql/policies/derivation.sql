alter table derivation enable row level security;
alter table derivation force row level security;
drop policy if exists tenant_fence on derivation;
create policy tenant_fence on derivation
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on derivation to app_web;
grant select, insert, update, delete on derivation to app_worker;
