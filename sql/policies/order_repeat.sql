alter table order_repeat enable row level security;
alter table order_repeat force row level security;
drop policy if exists tenant_fence on order_repeat;
create policy tenant_fence on order_repeat
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on order_repeat to app_web;
grant select, insert, update, delete on order_repeat to app_worker;
