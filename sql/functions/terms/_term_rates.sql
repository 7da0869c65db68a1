-- _term_rates: how often terms failed before and after a decision about them.
--
-- Definition  Searches in the 30 days before and the 30 days after the day of the decision, as far
--             as loaded; that day counts in neither.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/terms/get_search_terms.sql
create or replace function _term_rates(
    p_tenant_id uuid, p_location_ids text[], p_terms text[]
)
returns table (
    term text, failed_before bigint, searches_before bigint, failed_after bigint,
    searches_after bigint
)
language plpgsql
stable
as $$
begin
    return query
    with decided as (
        select d.term, (d.decided_at at time zone c.property_time_zone)::date as day
        from search_term as d
        inner join tenant_config as c on c.tenant_id = d.tenant_id
        where d.tenant_id = p_tenant_id and d.term = any(p_terms)
    )
    select
        d.term, coalesce(sum(s.failed) filter (where s.event_date < d.day), 0),
        coalesce(sum(s.found + s.failed) filter (where s.event_date < d.day), 0),
        coalesce(sum(s.failed) filter (where s.event_date > d.day), 0),
        coalesce(sum(s.found + s.failed) filter (where s.event_date > d.day), 0)
    from decided as d
    left join lateral _term_searches(
        p_tenant_id, d.day - 30, d.day + 30, p_location_ids
    ) as s on s.term_key = hashtextextended(d.term, 0) and s.term = d.term
    group by d.term;
end;
$$;
