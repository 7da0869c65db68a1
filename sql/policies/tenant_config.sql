alter table tenant_config enable row level security;
alter table tenant_config force row level security;
drop policy if exists tenant_fence on tenant_config;
create policy tenant_fence on tenant_config
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, update on tenant_config to app_web;
grant select on tenant_config to app_worker;
-- Rules are tried in a transaction that is taken back.
grant update (rules) on tenant_config to app_worker;
