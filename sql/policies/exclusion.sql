alter table exclusion enable row level security;
alter table exclusion force row level security;
drop policy if exists tenant_fence on exclusion;
create policy tenant_fence on exclusion
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update, delete on exclusion to app_web;
grant select on exclusion to app_worker;
