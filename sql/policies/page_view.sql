alter table page_view enable row level security;
alter table page_view force row level security;
drop policy if exists tenant_fence on page_view;
create policy tenant_fence on page_view
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on page_view to app_web;
grant select, insert, update, delete on page_view to app_worker;
