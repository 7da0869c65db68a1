-- _task_contacts: every contact with a customer about a task that was not undone.
--
-- Definition  Steps with is_contact from p_from (inclusive) to p_to (exclusive). A merged task is
--             replaced by the one it was merged into; its branch is null if its row is gone.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/_credited_orders.sql, get_recovered_revenue.sql
create or replace function _task_contacts(
    p_tenant_id uuid, p_from timestamptz, p_to timestamptz
)
returns table (
    history_id uuid, happened_at timestamptz, done_by text, task_type text, task_id uuid,
    customer_key text, branch_id text, lines jsonb
)
language plpgsql
stable
as $$
begin
    return query
    select
        h.history_id, h.happened_at, lower(h.done_by), h.task_type, coalesce(t.task_id, h.task_id),
        coalesce(t.customer_key, h.customer_key), t.branch_id,
        case when h.task_type = 'cart' then coalesce(t.detail -> 'lines', '[]') else '[]' end
    from _standing_steps(p_tenant_id) as h
    left join task_work as w on w.tenant_id = p_tenant_id and w.task_id = h.task_id
    left join task as t
        on t.tenant_id = p_tenant_id and t.task_id = coalesce(w.merged_into, h.task_id)
    where
        h.is_contact
        and h.happened_at >= p_from and h.happened_at < p_to;
end;
$$;
