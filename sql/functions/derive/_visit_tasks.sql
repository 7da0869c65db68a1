-- _visit_tasks: chains of sessions of a known contact or company, into task_found: repeat_visit,
-- and bounce on product pages.
--
-- Definition  A chain is a task from its second session on (a setting per type).
-- Units       value: the prices of the distinct items viewed; for repeat visits at most the mean of
--             earlier orders.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_tasks.sql
create or replace function _visit_tasks(p_tenant_id uuid, p_task_type text)
returns void
language plpgsql
as $$
begin
    insert into task_found
    with numbered as (
        select
            c.subject, c.first_at, e.fact_ts,
            row_number() over (
                partition by c.subject, c.first_at order by e.fact_ts, e.session_id
            ) as nth
        from chain_span as c
        inner join evidence as e
            on e.subject = c.subject and e.fact_ts between c.first_at and c.last_at
    )
    select
        p_task_type, e.subject, e.first_at, '', e.last_at, e.last_date, e.user_pseudo_id,
        e.contact_id, e.company_id, e.branch_id, e.closing_order_key, e.closed_at,
        case when e.closed_at is not null then 'ordered' end, coalesce(n.fact_ts, e.first_at),
        e.last_at + make_interval(
            days => case p_task_type when 'bounce' then r.bounce_days else r.visit_days end
        ), coalesce(v.currency, ''),
        coalesce(v.total, 0), coalesce(v.is_incomplete, false), 0, n.fact_ts is not null, false,
        null,
        jsonb_build_object(
            'visits', e.sessions, 'page_views', e.page_views, 'items', coalesce(v.items, '[]')
        ),
        coalesce(v.words, ' '), p_task_type = 'repeat_visit'
    from _chain_ends() as e
    cross join _task_rules(p_tenant_id) as r
    left join numbered as n
        on
            n.subject = e.subject and n.first_at = e.first_at
            and n.nth = case p_task_type when 'bounce' then r.bounces else r.visits end
    left join _chain_items(p_tenant_id) as v on v.subject = e.subject and v.first_at = e.first_at;
end;
$$;
