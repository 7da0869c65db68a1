-- _gather_evidence: what counts as evidence for one task type, of the touched subjects.
--
-- Definition  cart: lines added and removed, checkouts. no_results: failed searches with a term, of
--             a known contact or company. no_conversion: successful searches with a term.
--             repeat_visit: sessions with enough page views of a known contact or company. bounce:
--             bounced sessions of a known contact that saw a product.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/_mark_chains.sql
create or replace function _gather_evidence(p_tenant_id uuid, p_task_type text)
returns void
language plpgsql
as $$
declare
    v_source text := case
        when p_task_type = 'cart' then 'cart'
        when p_task_type in ('no_results', 'no_conversion') then 'search'
        else 'visit'
    end;
    v_is_few boolean := (
        select _is_few(count(*)) from touched_subject as t where t.task_type = p_task_type
    );
    v_pages integer := (select r.visit_pages from _task_rules(p_tenant_id) as r);
begin
    truncate evidence, chain_span;
    insert into evidence
    select f.*
    from touched_subject as t
    inner join fact as f on f.task_type = v_source and f.subject = t.subject
    where
        f.tenant_id = p_tenant_id and t.task_type = p_task_type
        and (
            not v_is_few
            or f.subject = any(array(
                select d.subject from touched_subject as d where d.task_type = p_task_type
            ))
        )
        and case p_task_type
            when 'cart' then true
            when 'no_results'
                then f.kind = 'failed_search' and f.term <> '' and f.subject not like 'd:%'
            when 'no_conversion' then f.kind = 'search' and f.term <> ''
            when 'repeat_visit' then f.page_views >= v_pages and f.subject not like 'd:%'
            else f.is_bounce and f.contact_id is not null and f.items <> '[]'
        end;
    analyze evidence;
end;
$$;
