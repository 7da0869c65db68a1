alter table api_token enable row level security;
alter table api_token force row level security;
drop policy if exists tenant_fence on api_token;
create policy tenant_fence on api_token
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on api_token to app_web;
grant insert (
    tenant_id, created_by, name, token_start, token_hash, scopes, expires_at
) on api_token to app_web;
grant update (last_used_at, revoked_at, revoked_by) on api_token to app_web;
