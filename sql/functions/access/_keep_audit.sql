-- _keep_audit: trigger that forbids changing or removing audit log entries.
--
-- Definition  Refuses every role, including the owner and superusers. Grants already stop the
--             application's roles.
-- Called by   every update, delete and truncate of audit_entry
create or replace function _keep_audit()
returns trigger
language plpgsql
as $$
begin
    raise exception 'the audit log is only ever added to' using errcode = 'insufficient_privilege';
end;
$$;
create or replace trigger keep_audit
before update or delete or truncate on audit_entry
for each statement execute function _keep_audit();
