alter table audit_entry enable row level security;
alter table audit_entry force row level security;
drop policy if exists tenant_fence on audit_entry;
create policy tenant_fence on audit_entry
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert on audit_entry to app_web;
grant insert on audit_entry to app_worker;
-- Sign-in belongs to no tenant's transaction and sets the tenant of each entry it writes.
grant insert on audit_entry to app_admin;
