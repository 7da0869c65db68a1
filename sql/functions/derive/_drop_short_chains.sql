-- _drop_short_chains: drop chains with too little evidence for any task of the type.
--
-- Definition  Most chains are a single search or visit, and their value is never needed. Keeps
--             chains of subjects with a task or somebody's work, which may move to them.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_mark_chains.sql
create or replace function _drop_short_chains(
    p_tenant_id uuid, p_task_type text, p_least integer
)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_subjects text[];
begin
    v_subjects := _few(array(select d.subject from chain_span as d));
    delete from chain_span as c
    using (
        select s.subject, s.first_at
        from chain_span as s
        inner join evidence as e
            on e.subject = s.subject and e.fact_ts between s.first_at and s.last_at
        group by s.subject, s.first_at
        having count(*) < p_least
    ) as f
    where
        c.subject = f.subject and c.first_at = f.first_at
        and not exists (
            select from task as t
            where
                t.tenant_id = p_tenant_id and t.task_type = p_task_type
                and t.subject = c.subject
                and (v_subjects is null or t.subject = any(v_subjects))
        )
        and not exists (
            select from task_work as w
            where
                w.tenant_id = p_tenant_id and w.task_type = p_task_type
                and w.subject = c.subject
        );
    analyze chain_span;
end;
$$;
