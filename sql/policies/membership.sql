alter table membership enable row level security;
alter table membership force row level security;
drop policy if exists tenant_fence on membership;
create policy tenant_fence on membership
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
-- Sign-in finds the tenants of a member, as app_admin.
drop policy if exists member_directory on membership;
create policy member_directory on membership to app_admin using (true);
grant select, insert, update, delete on membership to app_web;
grant select on membership to app_worker;
grant select, update (member_id, name, accepted_at) on membership to app_admin;
