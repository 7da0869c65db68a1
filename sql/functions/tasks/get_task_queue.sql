-- get_task_queue: one card per customer with an open task, best score first.
--
-- Definition  The open and in-progress tasks of all types with last evidence in the range, grouped
--             by customer: score = the best task's + 3 for each further one, at most 100. A card
--             needs a task at a branch of p_scope, or a customer the member owns; it has the tasks
--             of every branch if the customer is shown whole. p_location_ids keeps only tasks of
--             these branches. Customers not to be contacted are left out. p_holders: customers of
--             these rows of the team board, see _customer_owners. overdue_at: when the earliest
--             promised call-back was due.
-- Units       value: the sum of its tasks in the reporting currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/queue/queries.py
create or replace function get_task_queue(
    p_tenant_id uuid, p_scope member_scope, p_start_date date, p_end_date date,
    p_location_ids text[] default null, p_types text[] default null, p_reachable boolean default false,
    p_least_value numeric default null, p_holders text[] default null,
    p_sort_field text default 'score',
    p_limit integer default 25, p_offset integer default 0, p_now timestamptz default now()
)
returns table (
    customer_key text, score double precision, value numeric, overdue_at timestamptz,
    last_at timestamptz, task_ids uuid[], total bigint
)
language plpgsql
stable
as $$
declare
    v_excluded text[] := _excluded_customers(p_tenant_id) || _silenced_customers(p_tenant_id);
    v_branches text[] := _branches_in_scope(p_location_ids, p_scope);
    v_types text[] := coalesce(p_types, array(select y.task_type from _task_types() as y));
    v_whole text[] := case when p_location_ids is null then _queue_customers(
        p_tenant_id, p_scope, v_types, p_start_date, p_end_date
    ) end;
    v_scale record;
    v_currency text;
begin
    select s.value_p90, s.estimate into v_scale from _task_scale(p_tenant_id) as s;
    select c.reporting_currency into v_currency
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    return query execute format(
        'with cards as (
            select
                s.customer_key, least(100, max(s.score) + 3 * (count(*) - 1)) as score,
                coalesce(sum(s.value) filter (where s.currency in ('''', $12)), 0) as value,
                min(s.snoozed_until) as overdue_at, max(s.last_at) as last_at,
                array_agg(s.task_id order by s.score desc, s.task_id) as task_ids
            from (%s) as s
            %s
            where s.state in (''open'', ''in_progress'')
            group by s.customer_key
        )
        select c.*, count(*) over () from cards as c
        order by c.overdue_at is null, %s desc, c.customer_key
        limit $16 offset $17',
        _task_source(
            p_types, v_branches, null, p_reachable, p_least_value, v_excluded, true,
            p_location_ids is null, 'all'
        ),
        case when p_holders is null then '' else
            'inner join _customer_owners($1, null, $15) as o on o.customer_key = s.customer_key'
        end,
        case p_sort_field
            when 'score' then 'c.score' when 'value' then 'c.value' when 'last_at' then 'c.last_at'
        end
    ) using
        p_tenant_id, v_types, p_start_date, p_end_date, _loaded_time(p_tenant_id), p_now,
        v_branches, null::text[], p_least_value, v_scale.value_p90, v_scale.estimate,
        v_currency, v_excluded, v_whole, p_holders, p_limit, p_offset;
end;
$$;
