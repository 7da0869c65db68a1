alter table chain enable row level security;
alter table chain force row level security;
drop policy if exists tenant_fence on chain;
create policy tenant_fence on chain
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on chain to app_web;
grant select, insert, update, delete on chain to app_worker;
