-- list_last_words: the last contact and the last note of each of these customers.
--
-- Definition  kind: contact (a logged call or an outcome that was a contact) or note (written about
--             a task or the customer). Steps that were not undone. Of customers that p_scope shows
--             whole everything counts; of others only steps on tasks at the scope's branches.
--             Viewers see no notes: they may hold what is masked elsewhere.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/queue/queries.py
create or replace function list_last_words(
    p_tenant_id uuid, p_scope member_scope, p_customer_keys text[]
)
returns table (
    customer_key text, kind text, action text, outcome text, note text, done_by text,
    happened_at timestamptz
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_whole text[] := _whole_customers(p_tenant_id, p_scope, p_customer_keys);
begin
    return query
    with steps as (
        select h.customer_key, h.action, h.outcome, h.note, h.done_by, h.happened_at, h.is_contact
        from _standing_steps(p_tenant_id) as h
        where
            h.customer_key = any(p_customer_keys)
            and h.via <> 'job' and (h.is_contact or h.note is not null)
            and (
                h.customer_key = any(v_whole)
                or exists (
                    select from task as t
                    where
                        t.tenant_id = p_tenant_id and t.task_id = h.task_id
                        and t.branch_id = any((p_scope).location_ids)
                )
            )
    ),
    said as (
        select
            s.customer_key, 'contact' as kind, s.action, s.outcome, null as note, s.done_by,
            s.happened_at
        from steps as s
        where s.is_contact
        union all
        select s.customer_key, 'note', s.action, null, s.note, s.done_by, s.happened_at
        from steps as s
        where s.note is not null and not (p_scope).is_masked
        union all
        select n.customer_key, 'note', 'note', null, n.body, n.created_by, n.created_at
        from customer_note as n
        where
            n.tenant_id = p_tenant_id and n.customer_key = any(v_whole)
            and not (p_scope).is_masked
    )
    select distinct on (w.customer_key, w.kind)
        w.customer_key, w.kind, w.action, w.outcome, w.note, w.done_by, w.happened_at
    from said as w
    order by w.customer_key, w.kind, w.happened_at desc;
end;
$$;
