alter table rule_trial enable row level security;
alter table rule_trial force row level security;
drop policy if exists tenant_fence on rule_trial;
create policy tenant_fence on rule_trial
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update on rule_trial to app_web;
grant select, update on rule_trial to app_worker;
