alter table search_term enable row level security;
alter table search_term force row level security;
drop policy if exists tenant_fence on search_term;
create policy tenant_fence on search_term
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update, delete on search_term to app_web;
grant select, update on search_term to app_worker;
