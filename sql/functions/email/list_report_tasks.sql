-- list_report_tasks: every open or in-progress task, for the reports of all branches.
--
-- Definition  As in My queue: last evidence in the range, without customers who are excluded or not
--             to be contacted.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/email/sending/ledger.py
create or replace function list_report_tasks(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_now timestamptz default now()
)
returns table (
    task_id uuid, customer_key text, branch_id text, score double precision, last_at timestamptz
)
language plpgsql
stable
as $$
declare
    v_types text[] := array(select y.task_type from _task_types() as y);
    v_excluded text[] := _excluded_customers(p_tenant_id) || _silenced_customers(p_tenant_id);
    v_scale record;
    v_currency text;
begin
    select s.value_p90, s.estimate into v_scale from _task_scale(p_tenant_id) as s;
    select c.reporting_currency into v_currency
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    return query execute
        'select s.task_id, s.customer_key, s.branch_id, s.score, s.last_at
        from (' || _task_source(
            v_types, null, null, false, null, v_excluded, true, false, 'all'
        ) || ') as s
        where s.state in (''open'', ''in_progress'')
        order by s.score desc, s.task_id'
    using
        p_tenant_id, v_types,
        p_start_date, p_end_date, _loaded_time(p_tenant_id), p_now,
        null::text[], null::text[], null::numeric, v_scale.value_p90, v_scale.estimate,
        v_currency, v_excluded;
end;
$$;
