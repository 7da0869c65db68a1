-- get_tasks: these tasks as lists show them; a merged task is replaced by the one it was merged
-- into.
--
-- Definition  A task is found if its branch is in p_scope or its customer is shown whole.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/queries.py
create or replace function get_tasks(
    p_tenant_id uuid, p_scope member_scope, p_task_ids uuid[],
    p_now timestamptz default now()
)
returns setof listed_task
language plpgsql
stable
as $$
declare
    v_scale record;
    v_currency text;
    v_ids uuid[] := array(
        select coalesce(w.merged_into, i.task_id)
        from unnest(p_task_ids) as i (task_id)
        left join task_work as w on w.tenant_id = p_tenant_id and w.task_id = i.task_id
    );
    v_whole text[] := _whole_customers(p_tenant_id, p_scope, array(
        select distinct t.customer_key
        from task as t
        where t.tenant_id = p_tenant_id and t.task_id = any(v_ids)
    ));
begin
    select s.value_p90, s.estimate into v_scale from _task_scale(p_tenant_id) as s;
    select c.reporting_currency into v_currency
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    return query execute _task_page('
        select
            1 as place, v.task_id, v.standing as state, v.worth as value, null::text as sort_key,
            _task_score(
                v.half_life_days, v.intent, v.log_worth, $4, v.last_at, $3, v.reach, v.is_known_buyer
            ) as score
        from (
            select
                t.*, y.half_life_days,
                case when t.has_checkout then coalesce(y.checkout_intent, y.intent) else y.intent end
                    as intent,
                case when t.estimate_sessions > 0 then t.estimate_sessions * $5 else t.value end
                    as worth,
                case
                    when t.currency not in ('''', $6) then null
                    when t.estimate_sessions > 0
                        then ln(1 + greatest(t.estimate_sessions * $5::double precision, 0))
                    else t.log_value
                end as log_worth,
                _task_state(
                    t.state, t.closed_at, t.fixed_at, t.snoozed_until, t.cool_until, t.last_at,
                    t.expires_at, t.touched_at, $3
                ) as standing
            from task as t
            inner join _task_types() as y on y.task_type = t.task_type
            where
                t.tenant_id = $1 and t.task_id = any($2)
                and (t.branch_id = any($7) or t.customer_key = any($8))
        ) as v', false) using
        p_tenant_id, v_ids, p_now, v_scale.value_p90, v_scale.estimate, v_currency,
        (p_scope).location_ids, v_whole;
end;
$$;
