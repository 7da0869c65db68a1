-- _count_repeat_visitors: visitors with at least two sessions in a range.
--
-- Definition  A visitor has a page view in the range; any session counts towards the two. The few
--             with no page view are counted separately and subtracted.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/get_dashboard_overview_stats.sql
create or replace function _count_repeat_visitors(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[]
)
returns bigint
language plpgsql
stable
as $$
declare
    v_scope text := _branch_scope(p_location_ids);
    v_repeated bigint;
    v_unseen bigint;
begin
    if cardinality(p_location_ids) > 1 then
        return (
            select count(*)
            from (
                select s.visitor_id
                from session as s
                where
                    s.tenant_id = p_tenant_id
                    and s.session_date between p_start_date and p_end_date
                    and s.branch_id = any(p_location_ids) and s.visitor_id is not null
                group by s.visitor_id
                having count(*) > 1 and max(s.page_views) > 0
            ) as v
        );
    end if;
    select coalesce(sum(g.visitors), 0) into v_repeated
    from repeat_gap as g
    where
        g.tenant_id = p_tenant_id and g.scope = v_scope
        and g.previous_date between p_start_date and p_end_date
        and g.session_date <= p_end_date and g.before_previous_date < p_start_date;
    select count(*) into v_unseen
    from (
        select s.visitor_id
        from session as s
        where
            s.tenant_id = p_tenant_id and s.page_views = 0 and s.visitor_id is not null
            and s.session_date between p_start_date and p_end_date
            and (p_location_ids is null or s.branch_id = any(p_location_ids))
        group by s.visitor_id
        having count(*) > 1
    ) as v
    where not exists (
        select from session as o
        where
            o.tenant_id = p_tenant_id and o.visitor_id = v.visitor_id
            and o.session_date between p_start_date and p_end_date
            and (p_location_ids is null or o.branch_id = any(p_location_ids))
            and o.page_views > 0
    );
    return v_repeated - v_unseen;
end;
$$;
