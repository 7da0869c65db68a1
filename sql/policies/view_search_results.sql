alter table view_search_results enable row level security;
alter table view_search_results force row level security;
drop policy if exists tenant_fence on view_search_results;
create policy tenant_fence on view_search_results
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on view_search_results to app_web;
grant select, insert, update, delete on view_search_results to app_worker;
