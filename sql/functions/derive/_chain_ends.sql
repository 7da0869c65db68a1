-- _chain_ends: the contact, company, device and branch of the last evidence in each chain of
-- chain_span.
--
-- Definition  The branch is the last one seen in the chain; sessions counts the distinct sessions.
-- Called by   the _TYPE_tasks functions of searches and visits
create or replace function _chain_ends()
returns table (
    subject text, first_at timestamptz, last_at timestamptz, last_date date,
    user_pseudo_id text, contact_id text, company_id text, branch_id text,
    closing_order_key text, closed_at timestamptz, sessions integer, page_views bigint
)
language plpgsql
as $$
begin
    return query
    select
        c.subject, c.first_at, c.last_at,
        (array_agg(e.event_date order by e.fact_ts desc, e.session_id, e.position desc))[1],
        (array_agg(e.user_pseudo_id order by e.fact_ts desc, e.session_id, e.position desc))[1],
        (array_agg(e.contact_id order by e.fact_ts desc, e.session_id, e.position desc))[1],
        (array_agg(e.company_id order by e.fact_ts desc, e.session_id, e.position desc))[1],
        (array_agg(
            e.branch_id order by e.branch_id = '', e.fact_ts desc, e.session_id, e.position desc
        ))[1],
        min(c.closing_order_key), min(c.closed_at),
        (count(distinct e.session_id) filter (where e.has_session))::integer, sum(e.page_views)
    from chain_span as c
    inner join evidence as e
        on e.subject = c.subject and e.fact_ts between c.first_at and c.last_at
    group by c.subject, c.first_at, c.last_at;
end;
$$;
