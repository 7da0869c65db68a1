-- _task_source: SQL text that reads the tasks of some types and filters, with their current state,
-- value and score.
--
-- Definition  Contains only the requested conditions. $1 tenant, $2 types, $3 and $4 first and last
--             day of the last evidence, $5 the time whose carts are known, $6 now, $7 branches, $8
--             search words, $9 minimum value, $10 value_p90, $11 estimate per session, $12 the
--             reporting currency, $13 excluded customers, contacts first, $14 customers shown
--             whole. p_is_alive leaves out tasks that must be done, closed or expired;
--             p_adds_whole adds the rows of $14 at other branches. p_searched: which texts are
--             searched, see _searched_words.
-- Units       value is null if it cannot be estimated; scores count other currencies as 0.
-- Called by   functions that list and count tasks
create or replace function _task_source(
    p_types text[], p_location_ids text[], p_words text[], p_reachable boolean,
    p_least_value numeric, p_excluded text[], p_is_alive boolean, p_adds_whole boolean,
    p_searched text
)
returns text
language sql
immutable
as $$
    select '
        select
            v.*,
            _task_score(
                v.half_life_days, v.intent, v.log_worth, $10, v.last_at, $6, v.reach,
                v.is_known_buyer
            ) as score
        from (
            select
                t.task_id, t.task_type, t.last_date, t.last_at, t.branch_id, t.customer_key,
                t.currency, t.has_checkout, t.reach, t.is_known_buyer, t.owner,
                t.snoozed_until, y.half_life_days,
                case when t.has_checkout then coalesce(y.checkout_intent, y.intent) else y.intent end
                    as intent,
                _task_state(
                    t.state, t.closed_at, t.fixed_at, t.snoozed_until, t.cool_until, t.last_at,
                    t.expires_at, t.touched_at, $6
                ) as state,
                case
                    when t.estimate_sessions > 0 then t.estimate_sessions * $11 else t.value
                end as value,
                case
                    when t.currency not in ('''', $12) then null
                    when t.estimate_sessions > 0
                        then ln(1 + greatest(t.estimate_sessions * $11::double precision, 0))
                    else t.log_value
                end as log_worth
            from task as t
            inner join _task_types() as y on y.task_type = t.task_type
            where
                t.tenant_id = $1 and t.task_type = any($2) and t.last_date between $3 and $4
                and (_is_judged(t.task_type, t.last_at, t.ready_at, $5) or not t.is_task)'
        || case
            when p_location_ids is null then ''
            when p_adds_whole
                then ' and (t.branch_id = any($7) or t.customer_key = any($14))'
            else ' and t.branch_id = any($7)'
        end
        || case
            when p_is_alive
                then ' and t.closed_at is null and t.fixed_at is null and t.state <> ''done''
                    and (
                        t.expires_at > $6 or t.touched_at is not null
                        or t.snoozed_until is not null
                    )'
            else ''
        end
        || case when p_reachable then ' and t.reach > 0' else '' end
        || coalesce((
            select string_agg(
                format(' and ' || _searched_words(p_searched), w.place), ''
                order by w.place
            )
            from unnest(p_words) with ordinality as w (word, place)
        ), '')
        || case
            when cardinality(p_excluded) = 0 then ''
            else ' and not (
                t.customer_key = any($13) or coalesce(''c:'' || t.contact_id, '''') = any($13)
            )'
        end || '
        ) as v'
        || case when p_least_value is null then '' else ' where v.value >= $9' end
$$;
