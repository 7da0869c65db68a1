-- _no_results_tasks: each chain of failed searches by a known contact or company, into task_found.
--
-- Definition  At least one failed term. The value is estimated at reading time from the number of
--             sessions.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_tasks.sql
create or replace function _no_results_tasks(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    insert into task_found
    select
        'no_results', e.subject, e.first_at, '', e.last_at, e.last_date, e.user_pseudo_id,
        e.contact_id, e.company_id, e.branch_id, e.closing_order_key, e.closed_at,
        case when e.closed_at is not null then 'ordered' end, e.first_at,
        e.last_at + make_interval(days => r.search_days), '', 0, false, e.sessions, true, false,
        t.terms, jsonb_build_object('terms', t.detail),
        _words(array_to_string(t.terms, ' ')), false
    from _chain_ends() as e
    inner join _chain_terms(1) as t on t.subject = e.subject and t.first_at = e.first_at
    cross join _task_rules(p_tenant_id) as r;
end;
$$;
