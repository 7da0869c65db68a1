alter table view_item enable row level security;
alter table view_item force row level security;
drop policy if exists tenant_fence on view_item;
create policy tenant_fence on view_item
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on view_item to app_web;
grant select, insert, update, delete on view_item to app_worker;
