-- _mirror_works: copy to the tasks in scope the state people left them in, how long their customers
-- are left alone, and which failed searches were fixed.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_store_tasks.sql
create or replace function _mirror_works(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    perform _mirror_fixed_terms(p_tenant_id, n.terms)
    from (
        select array_agg(distinct u.term) as terms
        from task_new as m
        cross join lateral unnest(m.terms) as u (term)
        where m.task_type = 'no_results'
    ) as n
    where exists (select from search_term as s where s.tenant_id = p_tenant_id);
    if not exists (select from task_work as w where w.tenant_id = p_tenant_id) then
        return;
    end if;
    update task as t
    set
        task_id = w.task_id, state = w.state, outcome = w.outcome, owner = w.owner,
        snoozed_until = w.snoozed_until, version = w.version, touched_at = w.touched_at
    from task_new as n
    inner join task_work as w
        on
            w.task_type = n.task_type and w.subject = n.subject and w.first_at = n.first_at
            and w.order_key = n.order_key
    where
        t.tenant_id = p_tenant_id and w.tenant_id = p_tenant_id and w.merged_into is null
        and t.task_type = n.task_type and t.subject = n.subject and t.first_at = n.first_at
        and t.order_key = n.order_key
        and (t.task_id, t.version, t.touched_at)
        is distinct from (w.task_id, w.version, w.touched_at);
    update task as t
    set cool_until = c.ends_at
    from task_new as n
    inner join (
        select w.customer_key, d.task_type, d.begins_at, max(d.ends_at) as ends_at
        from task_cooldown as d
        inner join task_work as w on w.tenant_id = p_tenant_id and w.task_id = d.task_id
        where d.tenant_id = p_tenant_id
        group by 1, 2, 3
    ) as c on c.customer_key = n.customer_key and c.task_type = n.task_type
    where
        t.tenant_id = p_tenant_id and t.task_type = n.task_type and t.subject = n.subject
        and t.first_at = n.first_at and t.order_key = n.order_key and t.touched_at is null
        and n.ready_at > c.begins_at and n.ready_at <= c.ends_at
        and t.cool_until is distinct from c.ends_at;
end;
$$;
