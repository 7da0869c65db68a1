-- _chain_terms: the terms searched for in each chain of chain_span.
--
-- Definition  terms is an array of {term, searches, sessions, last_at}, latest first. second_at is
--             when a term was first searched for in a second session.
-- Called by   sql/functions/derive/_no_results_tasks.sql, _no_conversion_tasks.sql
create or replace function _chain_terms(p_term_sessions integer)
returns table (
    subject text, first_at timestamptz, terms text[], detail jsonb, repeated_at timestamptz
)
language plpgsql
as $$
begin
    return query
    with searched as (
        select
            c.subject, c.first_at, e.term, e.session_id, e.has_session, min(e.fact_ts) as session_ts,
            max(e.fact_ts) as last_ts, count(*) as searches
        from chain_span as c
        inner join evidence as e
            on e.subject = c.subject and e.fact_ts between c.first_at and c.last_at
        group by c.subject, c.first_at, e.term, e.session_id, e.has_session
    ),
    ranked as (
        select
            s.*,
            row_number() over (
                partition by s.subject, s.first_at, s.term order by s.session_ts, s.session_id
            ) as nth
        from searched as s
    ),
    counted as (
        select
            r.subject, r.first_at, r.term, sum(r.searches) as searches,
            count(*) filter (where r.has_session) as sessions,
            max(r.last_ts) as last_ts,
            min(r.session_ts) filter (where r.nth = p_term_sessions) as repeated_ts
        from ranked as r
        group by r.subject, r.first_at, r.term
    )
    select
        t.subject, t.first_at, array_agg(t.term order by t.last_ts desc, t.term),
        jsonb_agg(jsonb_build_object(
            'term', t.term, 'searches', t.searches, 'sessions', t.sessions, 'last_at', t.last_ts
        ) order by t.last_ts desc, t.term),
        min(t.repeated_ts)
    from counted as t
    group by t.subject, t.first_at;
end;
$$;
