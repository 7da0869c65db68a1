alter table customer_account enable row level security;
alter table customer_account force row level security;
drop policy if exists tenant_fence on customer_account;
create policy tenant_fence on customer_account
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on customer_account to app_web;
grant select, insert, update, delete on customer_account to app_worker;
