-- _no_conversion_tasks: chains of successful searches that led to no order, into task_found.
--
-- Definition  At least 3 successful searches in one session, or one term in 2 sessions (settings).
-- Units       value: the prices of the items viewed in these sessions; without any, an estimate
--             made at reading time.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_tasks.sql
create or replace function _no_conversion_tasks(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_searches integer;
    v_sessions integer;
    v_days integer;
begin
    select r.searches, r.term_sessions, r.search_days into v_searches, v_sessions, v_days
    from _task_rules(p_tenant_id) as r;
    insert into task_found
    with numbered as (
        select
            c.subject, c.first_at, e.fact_ts,
            row_number() over (
                partition by c.subject, c.first_at, e.session_id order by e.fact_ts, e.position
            ) as nth
        from chain_span as c
        inner join evidence as e
            on e.subject = c.subject and e.fact_ts between c.first_at and c.last_at
    ),
    insistent as (
        select n.subject, n.first_at, min(n.fact_ts) as searched_at
        from numbered as n
        where n.nth = v_searches
        group by n.subject, n.first_at
    )
    select
        'no_conversion', e.subject, e.first_at, '', e.last_at, e.last_date, e.user_pseudo_id,
        e.contact_id, e.company_id, e.branch_id, e.closing_order_key, e.closed_at,
        case when e.closed_at is not null then 'ordered' end,
        coalesce(least(i.searched_at, t.repeated_at), e.first_at),
        e.last_at + make_interval(days => v_days), coalesce(v.currency, ''),
        coalesce(v.total, 0), coalesce(v.is_incomplete, false),
        case when v.total > 0 then 0 else e.sessions end,
        i.searched_at is not null or t.repeated_at is not null, false, t.terms,
        jsonb_build_object('terms', t.detail, 'items', coalesce(v.items, '[]')),
        _words(array_to_string(t.terms, ' ')) || coalesce(v.words, ''), false
    from _chain_ends() as e
    inner join _chain_terms(v_sessions) as t on t.subject = e.subject and t.first_at = e.first_at
    left join insistent as i on i.subject = e.subject and i.first_at = e.first_at
    left join _chain_items(p_tenant_id) as v on v.subject = e.subject and v.first_at = e.first_at;
end;
$$;
