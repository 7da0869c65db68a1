-- _list_tasks: one sorted page of tasks of some types.
--
-- Definition  Tasks of the branches of p_scope, narrowed by p_location_ids. p_query: each of its
--             words must begin a word of the customer, contact, order, item or term, as far as the
--             member sees them. For viewers, sorting by customer uses companies only. p_states null
--             means every state. p_sort_field: score, value, last_at, customer, branch; ties by
--             task_id. p_after is the sort_key and task_id of a row, {key, id}; returns the page
--             after it, or before it with p_is_back, without counting from the start. p_now stays
--             fixed across the pages of a list, and so do the scores. p_holders: only customers of
--             these rows of the team board, see _customer_owners.
-- Units       as listed_task: value in currency, null if it cannot be estimated.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   the get_…_tasks functions
create or replace function _list_tasks(
    p_tenant_id uuid, p_scope member_scope, p_types text[], p_start_date date, p_end_date date,
    p_location_ids text[], p_query text, p_states text[], p_reachable boolean,
    p_least_value numeric, p_sort_field text, p_sort_order text, p_limit integer,
    p_offset integer, p_after jsonb, p_is_back boolean, p_now timestamptz, p_only text,
    p_holders text[]
)
returns setof listed_task
language plpgsql
stable
as $$
declare
    v_words text[] := string_to_array(nullif(trim(_words(p_query)), ''), ' ');
    v_excluded text[] := _excluded_customers(p_tenant_id);
    v_column text := case p_sort_field
        when 'score' then 's.score' when 'value' then 'coalesce(s.value, -1)'
        when 'last_at' then 's.last_at'
        when 'customer' then format(
            'lower(case when %L or s.customer_key like ''k:%%'' then coalesce(s.customer_name, '''') else '''' end)',
            not coalesce((p_scope).is_masked, true)
        )
        when 'branch' then 's.branch_id'
    end;
    v_type text := case p_sort_field
        when 'score' then 'double precision' when 'value' then 'numeric'
        when 'last_at' then 'timestamptz' else 'text'
    end;
    v_is_down boolean := (p_sort_order = 'desc') <> p_is_back;
    v_order text := format('%s %s', v_column, case when v_is_down then 'desc' else 'asc' end);
    v_branches text[] := _branches_in_scope(p_location_ids, p_scope);
    v_source text := _task_source(
        p_types, v_branches, v_words, p_reachable, p_least_value, v_excluded,
        coalesce(p_states <@ array['open', 'in_progress', 'snoozed'], false), false,
        _search_of(p_scope)
    );
    v_scale record;
    v_currency text;
begin
    select s.value_p90, s.estimate into v_scale from _task_scale(p_tenant_id) as s;
    select c.reporting_currency into v_currency
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    if p_sort_field = 'customer' or p_only is not null then
        v_source := format(
            'select w.*, k.customer_name, k.detail, k.closed_reason from (%s) as w
            inner join task as k on k.tenant_id = $1 and k.task_id = w.task_id', v_source
        );
    end if;
    return query execute _task_page(format(
        'select row_number() over () as place, s.*
        from (
            select s.task_id, s.state, s.value, s.score, (%3$s)::text as sort_key
            from (%4$s) as s
            where true %5$s %6$s %7$s %8$s
            order by %1$s, s.task_id %2$s
            limit $16 offset $17
        ) as s',
        v_order, case when v_is_down then 'desc' else 'asc' end, v_column, v_source,
        case when p_states is null then '' else 'and s.state = any($15)' end,
        case p_only
            when 'first' then 'and (s.detail ->> ''is_first'')::boolean'
            when 'refunded' then 'and (s.detail ->> ''refunded'')::numeric > 0'
            when 'recovered' then 'and s.closed_reason = ''recovered'''
            else ''
        end,
        case when p_after is null then '' else format(
            'and (%s, s.task_id) %s (($18 ->> ''key'')::%s, ($18 ->> ''id'')::uuid)', v_column,
            case when v_is_down then '<' else '>' end, v_type
        ) end,
        case when p_holders is null then '' else 'and s.customer_key = any($19)' end
    ), p_is_back) using
        p_tenant_id, p_types, p_start_date, p_end_date, _loaded_time(p_tenant_id), p_now,
        v_branches, v_words, p_least_value, v_scale.value_p90, v_scale.estimate, v_currency,
        v_excluded,
        _searched_customers(p_tenant_id, p_scope, p_types, p_start_date, p_end_date, v_words),
        p_states, p_limit, p_offset, p_after, _held_customers(p_tenant_id, p_holders);
end;
$$;
