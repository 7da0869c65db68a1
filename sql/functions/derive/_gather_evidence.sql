-- _gather_evidence: the evidence of the touched subjects for one task type.
--
-- Definition  cart: items added and removed, checkouts. no_results: failed searches with a term by
--             a known contact or company. no_conversion: successful searches with a term in a
--             session. repeat_visit: sessions of a known contact or company with enough page views.
--             bounce: bounced sessions of a known contact that viewed a product. Excluded customers
--             leave no evidence.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_mark_chains.sql
create or replace function _gather_evidence(p_tenant_id uuid, p_task_type text)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_subjects text[];
    v_source text := (
        select y.evidence from _task_types() as y where y.task_type = p_task_type
    );
    v_excluded text[] := _excluded_customers(p_tenant_id);
    v_pages integer := (select r.visit_pages from _task_rules(p_tenant_id) as r);
begin
    v_subjects := _few(array(
        select t.subject from touched_subject as t where t.task_type = p_task_type
    ));
    truncate evidence, chain_span;
    insert into evidence
    select f.*
    from touched_subject as t
    inner join fact as f on f.task_type = v_source and f.subject = t.subject
    where
        f.tenant_id = p_tenant_id and t.task_type = p_task_type
        and (v_subjects is null or f.subject = any(v_subjects))
        and not _is_excluded(f.contact_id, f.company_id, v_excluded)
        and case p_task_type
            when 'cart' then true
            when 'no_results'
                then f.kind = 'failed_search' and f.term <> '' and f.subject not like 'd:%'
            when 'no_conversion' then f.kind = 'search' and f.term <> '' and f.has_session
            when 'repeat_visit' then f.page_views >= v_pages and f.subject not like 'd:%'
            else f.is_bounce and f.contact_id is not null and f.items <> '[]'
        end;
    analyze evidence;
end;
$$;
