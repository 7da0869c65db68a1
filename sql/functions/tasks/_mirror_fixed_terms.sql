-- _mirror_fixed_terms: store when the last term of a no-results task was fixed, for tasks with any
-- of these terms.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_mirror_works.sql; app/tasks/ when a term's status changes
create or replace function _mirror_fixed_terms(p_tenant_id uuid, p_terms text[])
returns void
language plpgsql
as $$
begin
    update task as t
    set fixed_at = f.fixed_at
    from (
        select
            k.task_id,
            case when bool_and(s.status = 'fixed') and count(*) = count(s.term)
                then max(s.decided_at)
            end as fixed_at
        from task as k
        cross join lateral unnest(k.terms) as u (term)
        left join search_term as s on s.tenant_id = p_tenant_id and s.term = u.term
        where k.tenant_id = p_tenant_id and k.task_type = 'no_results' and k.terms && p_terms
        group by k.task_id
    ) as f
    where
        t.tenant_id = p_tenant_id and t.task_id = f.task_id
        and t.fixed_at is distinct from f.fixed_at;
end;
$$;
