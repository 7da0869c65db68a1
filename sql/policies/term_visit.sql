alter table term_visit enable row level security;
alter table term_visit force row level security;
drop policy if exists tenant_fence on term_visit;
create policy tenant_fence on term_visit
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on term_visit to app_web;
grant select, insert, update, delete on term_visit to app_worker;
