-- _task_page: SQL text of one page of tasks: what is joined after the limit.
--
-- Definition  p_page returns place, task_id, state, value, score and sort_key. A task's owner is
--             its customer's, or the account owner in the customer file who is no member.
-- Called by   sql/functions/tasks/_list_tasks.sql, get_tasks.sql; $1 is the tenant
create or replace function _task_page(p_page text, p_is_back boolean)
returns text
language sql
immutable
as $$
    select '
        with page as (' || p_page || ')
        select
            t.task_id, t.task_type, p.state, t.outcome, t.version, p.score, p.value,
            t.estimate_sessions > 0, t.currency, t.is_value_incomplete, t.first_at, t.last_at,
            t.ready_at, t.expires_at, coalesce(t.closed_at, t.fixed_at),
            coalesce(t.closed_reason, case when t.fixed_at is not null then ''fixed'' end),
            greatest(t.snoozed_until, t.cool_until), t.branch_id, t.customer_key,
            t.customer_name, t.company_id, t.contact_id, u.name, u.email, u.phone,
            coalesce(o.owner, o.account_owner),
            t.is_flagged, t.is_known_buyer, t.has_checkout, t.reach, t.order_key, t.detail,
            p.sort_key
        from page as p
        inner join task as t on t.tenant_id = $1 and t.task_id = p.task_id
        left join users as u on u.tenant_id = $1 and u.user_id = t.contact_id
        left join _customer_owners($1, array(
            select k.customer_key
            from page as i
            inner join task as k on k.tenant_id = $1 and k.task_id = i.task_id
        )) as o on o.customer_key = t.customer_key
        order by p.place' || case when p_is_back then ' desc' else '' end
$$;
