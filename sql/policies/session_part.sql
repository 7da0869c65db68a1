alter table session_part enable row level security;
alter table session_part force row level security;
drop policy if exists tenant_fence on session_part;
create policy tenant_fence on session_part
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on session_part to app_web;
grant select, insert, update, delete on session_part to app_worker;
