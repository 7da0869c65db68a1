-- _count_tasks: the number of tasks in a list by type and state, ignoring the chosen state.
--
-- Definition  The filters of _list_tasks without the state: the counts on its chips.
-- Units       value: the sum in the reporting currency, without other currencies and what cannot be
--             estimated.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/queries.py
create or replace function _count_tasks(
    p_tenant_id uuid, p_scope member_scope, p_types text[], p_start_date date, p_end_date date,
    p_location_ids text[], p_query text, p_reachable boolean, p_least_value numeric,
    p_now timestamptz, p_only text, p_holders text[] default null
)
returns table (task_type text, state text, tasks bigint, value numeric)
language plpgsql
stable
as $$
declare
    v_words text[] := string_to_array(nullif(trim(_words(p_query)), ''), ' ');
    v_excluded text[] := _excluded_customers(p_tenant_id);
    v_branches text[] := _branches_in_scope(p_location_ids, p_scope);
    v_source text := _task_source(
        p_types, v_branches, v_words, p_reachable, p_least_value, v_excluded, false, false,
        _search_of(p_scope)
    );
    v_scale record;
    v_currency text;
begin
    select s.value_p90, s.estimate into v_scale from _task_scale(p_tenant_id) as s;
    select c.reporting_currency into v_currency
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    if p_only is not null then
        v_source := format(
            'select w.*, k.detail, k.closed_reason from (%s) as w
            inner join task as k on k.tenant_id = $1 and k.task_id = w.task_id', v_source
        );
    end if;
    return query execute format(
        'select
            s.task_type, s.state, count(*),
            coalesce(sum(s.value) filter (where s.currency in ('''', $12)), 0)
        from (%s) as s
        where true %s %s
        group by 1, 2',
        v_source,
        case p_only
            when 'first' then 'and (s.detail ->> ''is_first'')::boolean'
            when 'refunded' then 'and (s.detail ->> ''refunded'')::numeric > 0'
            when 'recovered' then 'and s.closed_reason = ''recovered'''
            else ''
        end,
        case when p_holders is null then '' else 'and s.customer_key = any($15)' end
    ) using
        p_tenant_id, p_types, p_start_date, p_end_date, _loaded_time(p_tenant_id), p_now,
        v_branches, v_words, p_least_value, v_scale.value_p90, v_scale.estimate, v_currency,
        v_excluded,
        _searched_customers(p_tenant_id, p_scope, p_types, p_start_date, p_end_date, v_words),
        _held_customers(p_tenant_id, p_holders);
end;
$$;
