-- _keep_audit: a trigger; entries of the audit log are never changed and never taken away.
--
-- Definition  Refuses for every role, the owner's and the superuser's too. Grants stop the
--             application's roles before it.
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
