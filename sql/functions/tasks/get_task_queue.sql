-- get_task_queue: one card per customer with an open task, best score first.
--
-- Definition  The open and in-progress tasks of all types with last evidence in the range, grouped
--             by customer: score = the best task's + 3 for each further one, at most 100. A card
--             needs a task at a branch of p_scope, or a customer the member owns; it has the tasks
--             of every branch if the customer is shown whole. p_location_ids keeps only tasks of
--             these branches, p_query those with each of its words, as far as the member sees them.
--             Customers not to be contacted are left out. p_holders: customers of these rows of the
--             team board, see _customer_owners. Promised call-backs that are due come first, by
--             overdue_at; customers with a call or note since their last evidence come last.
--             p_reachable hides cards without phone and email: hidden is their number, total that
--             of the others. A page without any other card has a row of a hidden one, is_shown
--             false.
-- Units       value: the sum of its tasks in the reporting currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/queue/queries.py
create or replace function get_task_queue(
    p_tenant_id uuid, p_scope member_scope, p_start_date date, p_end_date date,
    p_location_ids text[] default null, p_query text default null, p_types text[] default null,
    p_reachable boolean default false, p_least_value numeric default null,
    p_holders text[] default null, p_sort_field text default 'score',
    p_limit integer default 25, p_offset integer default 0, p_now timestamptz default now()
)
returns table (
    customer_key text, score double precision, value numeric, overdue_at timestamptz,
    last_at timestamptz, task_ids uuid[], is_worked boolean, is_shown boolean, total bigint,
    hidden bigint
)
language plpgsql
stable
as $$
declare
    v_words text[] := string_to_array(nullif(trim(_words(p_query)), ''), ' ');
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
        'with waiting as (
            select
                s.customer_key, least(100, max(s.score) + 3 * (count(*) - 1)) as score,
                coalesce(sum(s.value) filter (where s.currency in ('''', $12)), 0) as value,
                min(s.snoozed_until) as overdue_at, max(s.last_at) as last_at,
                array_agg(s.task_id order by s.score desc, s.task_id) as task_ids,
                max(s.reach) > 0 or not $15 as is_shown
            from (%s) as s
            where s.state in (''open'', ''in_progress'') %s
            group by s.customer_key
        ),
        cards as (
            select
                w.customer_key, w.score, w.value, w.overdue_at, w.last_at, w.task_ids,
                coalesce(k.happened_at > w.last_at, false) as is_worked, w.is_shown,
                count(*) filter (where w.is_shown) over () as total,
                count(*) filter (where not w.is_shown) over () as hidden
            from waiting as w
            left join _last_touches($1, $3) as k on k.customer_key = w.customer_key
        )
        select c.*
        from cards as c
        order by
            c.is_shown desc, c.overdue_at is null, c.is_worked and c.overdue_at is null,
            %s desc, c.customer_key
        limit $17 offset $18',
        _task_source(
            p_types, v_branches, v_words, false, p_least_value, v_excluded, true,
            p_location_ids is null, _search_of(p_scope)
        ),
        case when p_holders is null then '' else 'and s.customer_key = any($16)' end,
        case p_sort_field
            when 'score' then 'c.score' when 'value' then 'c.value' when 'last_at' then 'c.last_at'
        end
    ) using
        p_tenant_id, v_types, p_start_date, p_end_date, _loaded_time(p_tenant_id), p_now,
        v_branches, v_words, p_least_value, v_scale.value_p90, v_scale.estimate,
        v_currency, v_excluded, v_whole, p_reachable,
        _held_customers(p_tenant_id, p_holders), p_limit, p_offset;
end;
$$;
