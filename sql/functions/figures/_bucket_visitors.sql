-- _bucket_visitors: distinct visitors per day, week or month of a range.
--
-- Definition  A week or month counts only its days in the range. Buckets without visitors are
--             absent. Several branches together are counted from the sessions.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/_chart_by_day.sql
create or replace function _bucket_visitors(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_unit text, p_location_ids text[]
)
returns table (bucket timestamp, visitors bigint)
language plpgsql
stable
as $$
declare
    v_scope text := _branch_scope(p_location_ids);
begin
    if cardinality(p_location_ids) > 1 then
        return query
        select date_trunc(p_unit, s.session_date::timestamp), count(distinct s.visitor_id)
        from session as s
        where
            s.tenant_id = p_tenant_id
            and s.session_date between p_start_date and p_end_date
            and s.branch_id = any(p_location_ids) and s.page_views > 0
        group by 1;
        return;
    end if;
    if p_unit = 'day' then
        return query
        select d.session_date::timestamp, d.visitors
        from (
            select g.session_date, sum(g.visitors)::bigint as visitors
            from visitor_gap as g
            where
                g.tenant_id = p_tenant_id and g.scope = v_scope
                and g.session_date between p_start_date and p_end_date
            group by g.session_date
        ) as d;
        return;
    end if;
    return query
    select date_trunc(p_unit, g.session_date::timestamp), sum(g.visitors)::bigint
    from visitor_gap as g
    where
        g.tenant_id = p_tenant_id and g.scope = v_scope
        and g.session_date between p_start_date and p_end_date
        and g.previous_date
        < greatest(date_trunc(p_unit, g.session_date::timestamp)::date, p_start_date)
    group by 1;
end;
$$;
