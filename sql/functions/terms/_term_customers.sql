-- _term_customers: the number of distinct customers who searched for each of these terms.
--
-- Definition  Companies, else contacts, else devices; terms searched only by cookieless visitors
--             are absent.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/terms/get_search_terms.sql
create or replace function _term_customers(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[], p_terms text[]
)
returns table (term text, customers bigint)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_keys bigint[] := array(select hashtextextended(u.term, 0) from unnest(p_terms) as u (term));
begin
    return query
    select p.term, count(*)
    from (
        select t.term, t.customer_key
        from term_visit as t
        where
            t.tenant_id = p_tenant_id and t.event_date between p_start_date and p_end_date
            and t.term_key = any(v_keys) and t.term = any(p_terms)
            and (p_location_ids is null or t.branch_id = any(p_location_ids))
        group by t.term, t.customer_key
    ) as p
    group by p.term;
end;
$$;
