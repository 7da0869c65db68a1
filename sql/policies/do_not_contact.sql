alter table do_not_contact enable row level security;
alter table do_not_contact force row level security;
drop policy if exists tenant_fence on do_not_contact;
create policy tenant_fence on do_not_contact
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update, delete on do_not_contact to app_web;
grant select on do_not_contact to app_worker;
