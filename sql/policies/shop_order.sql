alter table shop_order enable row level security;
alter table shop_order force row level security;
drop policy if exists tenant_fence on shop_order;
create policy tenant_fence on shop_order
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on shop_order to app_web;
grant select, insert, update, delete on shop_order to app_worker;
