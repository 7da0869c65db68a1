alter table customer_note enable row level security;
alter table customer_note force row level security;
drop policy if exists tenant_fence on customer_note;
create policy tenant_fence on customer_note
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert on customer_note to app_web;
