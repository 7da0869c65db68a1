-- _derive_facts: the evidence of the touched sessions: cart lines, checkouts, searches, visits.
--
-- Definition  One row per item of a cart event (or one without an item key if it has no items), per
--             checkout and per search, numbered in session order; number 0 is the session itself.
--             The subject is the contact of the event or session (c:), else its company (k:), else
--             the device (d:). The items viewed in a session determine what its searches are worth,
--             so their subjects change with it. Hidden customers leave no evidence. Events without
--             a session are kept by day (_touch_sessionless).
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _derive_facts(p_tenant_id uuid)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_sessions bigint[];
    v_visits bigint[];
    v_days date[];
begin
    v_sessions := _few(array(select d.session_key from touched_session as d));
    v_days := array(
        select t.session_id::date from touched_session as t where strpos(t.session_id, '.') = 0
    );
    execute _fact_query()
    using
        p_tenant_id,
        (select min(n.first_event_date) from session_new as n),
        (select max(n.last_event_date) from session_new as n),
        _hidden_customers(p_tenant_id),
        v_days,
        _nothing_words(p_tenant_id);
    perform _derive_visits(p_tenant_id);
    create index on fact_new (session_key, session_id, position);
    analyze fact_new;
    with gone as (
        delete from fact as f
        using touched_session as t
        where
            f.tenant_id = p_tenant_id
            and f.session_key = t.session_key and f.session_id = t.session_id
            and (v_sessions is null or f.session_key = any(v_sessions))
            and not exists (
                select from fact_new as n
                where
                    n.session_key = f.session_key and n.session_id = f.session_id
                    and n.position = f.position and n.row_hash = f.row_hash
            )
        returning f.task_type, f.subject, f.event_date, f.session_key, f.session_id
    ),
    subjects as (
        insert into touched_subject
        select distinct g.task_type, g.subject from gone as g
        on conflict do nothing
    ),
    visits as (
        insert into changed_visit
        select g.session_key, g.session_id from gone as g where g.task_type = 'visit'
    )
    insert into touched_day
    select distinct g.event_date from gone as g
    on conflict do nothing;
    with come as (
        insert into fact
        select n.*
        from fact_new as n
        where not exists (
            select from fact as f
            where
                f.tenant_id = p_tenant_id
                and f.session_key = n.session_key and f.session_id = n.session_id
                and f.position = n.position
                and (v_sessions is null or f.session_key = any(v_sessions))
        )
        returning task_type, subject, event_date, session_key, session_id
    ),
    subjects as (
        insert into touched_subject
        select distinct c.task_type, c.subject from come as c
        on conflict do nothing
    ),
    visits as (
        insert into changed_visit
        select c.session_key, c.session_id from come as c where c.task_type = 'visit'
    )
    insert into touched_day
    select distinct c.event_date from come as c
    on conflict do nothing;
    v_visits := _few(array(select d.session_key from changed_visit as d));
    insert into touched_subject
    select distinct f.task_type, f.subject
    from (select distinct v.session_key, v.session_id from changed_visit as v) as v
    inner join fact as f on f.session_key = v.session_key and f.session_id = v.session_id
    where
        f.tenant_id = p_tenant_id and f.task_type = 'search'
        and (v_visits is null or f.session_key = any(v_visits))
    on conflict do nothing;
end;
$$;
