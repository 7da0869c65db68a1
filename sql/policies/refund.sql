alter table refund enable row level security;
alter table refund force row level security;
drop policy if exists tenant_fence on refund;
create policy tenant_fence on refund
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on refund to app_web;
grant select, insert, update, delete on refund to app_worker;
