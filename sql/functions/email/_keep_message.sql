-- _keep_message: trigger that limits a message to the allowed changes of status.
--
-- Definition  planned → sending, failed, skipped; sending → sent, failed, planned (temporarily
--             refused) or unknown; failed → planned (resent by a person, or the refusal turned out
--             to be about the mail server, not the address); unknown → sent or planned (resolved by
--             a person, whose name is kept). sent and skipped are final, so nothing is sent twice
--             even if the application has a bug.
-- Called by   every update of email_send_history's status
create or replace function _keep_message()
returns trigger
language plpgsql
as $$
begin
    if old.status = 'unknown' and new.resolved_by is null then
        raise exception 'a message of unknown fate is resolved by a person'
            using errcode = 'check_violation';
    end if;
    if old.status || '>' || new.status not in (
        'planned>sending', 'planned>failed', 'planned>skipped',
        'sending>sent', 'sending>failed', 'sending>planned', 'sending>unknown',
        'failed>planned', 'unknown>sent', 'unknown>planned'
    ) then
        raise exception 'a message cannot go from % to %', old.status, new.status
            using errcode = 'check_violation';
    end if;
    new.changed_at := now();
    return new;
end;
$$;
create or replace trigger keep_message
before update of status on email_send_history
for each row when (old.status is distinct from new.status) execute function _keep_message();
