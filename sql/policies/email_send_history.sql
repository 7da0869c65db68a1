alter table email_send_history enable row level security;
alter table email_send_history force row level security;
drop policy if exists tenant_fence on email_send_history;
create policy tenant_fence on email_send_history
using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
-- What was written stays as it was written: only where a message stands may change.
grant select on email_send_history to app_web, app_worker;
grant insert on email_send_history to app_worker;
grant update (
    status, reason, attempts, retry_at, lease_id, leased_until, resolved_by, sent_at, changed_at
) on email_send_history to app_web;
grant update (
    status, reason, attempts, retry_at, lease_id, leased_until, server_code, server_answer,
    sent_at, changed_at
) on email_send_history to app_worker;
-- The scheduler finds, as app_admin, in which tenants mail waits; it reads nothing of it.
drop policy if exists scheduler on email_send_history;
create policy scheduler on email_send_history for select to app_admin using (true);
grant select (
    tenant_id, status, retry_at, leased_until, created_at
) on email_send_history to app_admin;
