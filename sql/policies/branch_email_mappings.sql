alter table branch_email_mappings enable row level security;
alter table branch_email_mappings force row level security;
drop policy if exists tenant_fence on branch_email_mappings;
create policy tenant_fence on branch_email_mappings
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update, delete on branch_email_mappings to app_web, app_worker;
