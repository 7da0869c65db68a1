-- _resume_mail: trigger that tries new mail server settings immediately.
--
-- Definition  Ends the tenant's stop and releases the mail it held back.
-- Tenant      the changed row's, and row-level security behind it.
-- Called by   every update of tenant_config's mail server
create or replace function _resume_mail()
returns trigger
language plpgsql
as $$
begin
    delete from email_stop as s where s.tenant_id = new.tenant_id;
    if found then
        update email_send_history as h
        set retry_at = null
        where h.tenant_id = new.tenant_id and h.status = 'planned';
    end if;
    return null;
end;
$$;
create or replace trigger resume_mail
after update of smtp, smtp_credentials on tenant_config
for each row when (
    old.smtp is distinct from new.smtp
    or old.smtp_credentials is distinct from new.smtp_credentials
) execute function _resume_mail();
