-- list_told_tasks: the state of each task in the last message to each of these recipients.
--
-- Definition  From messages that are sent, sending or unknown. A task merged into another counts as
--             that one. told_as: new, open or closed.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/email/sending/ledger.py
create or replace function list_told_tasks(p_tenant_id uuid, p_recipients text[])
returns table (recipient text, task_id uuid, told_as text)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select distinct on (h.recipient, coalesce(w.merged_into, x.task_id))
        h.recipient, coalesce(w.merged_into, x.task_id), x.told_as
    from email_send_history as h
    inner join email_told_task as x
        on x.tenant_id = h.tenant_id and x.message_id = h.message_id
    left join task_work as w on w.tenant_id = x.tenant_id and w.task_id = x.task_id
    where
        h.tenant_id = p_tenant_id and h.recipient = any(p_recipients)
        and h.status in ('sent', 'unknown', 'sending')
    order by
        h.recipient, coalesce(w.merged_into, x.task_id), h.created_at desc, h.message_id,
        x.task_id;
end;
$$;
