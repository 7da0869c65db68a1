alter table add_to_cart enable row level security;
alter table add_to_cart force row level security;
drop policy if exists tenant_fence on add_to_cart;
create policy tenant_fence on add_to_cart
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on add_to_cart to app_web;
grant select, insert, update, delete on add_to_cart to app_worker;
