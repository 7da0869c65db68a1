alter table purchase enable row level security;
alter table purchase force row level security;
drop policy if exists tenant_fence on purchase;
create policy tenant_fence on purchase
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on purchase to app_web;
grant select, insert, update, delete on purchase to app_worker;
