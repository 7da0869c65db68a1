-- _searched_customers: the customers shown whole whose tasks contain all the words; empty unless
-- _search_of returns 'row'.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/_list_tasks.sql, _count_tasks.sql
create or replace function _searched_customers(
    p_tenant_id uuid, p_scope member_scope, p_types text[], p_start_date date, p_end_date date,
    p_words text[]
)
returns text[]
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if p_words is null or _search_of(p_scope) <> 'row' then
        return '{}';
    end if;
    return _whole_customers(p_tenant_id, p_scope, array(
        select distinct t.customer_key
        from task as t
        where
            t.tenant_id = p_tenant_id and t.task_type = any(p_types)
            and t.last_date between p_start_date and p_end_date
            and t.branch_id = any((p_scope).location_ids)
            and not exists (
                select from unnest(p_words) as w (word)
                where strpos(t.words, ' ' || w.word) = 0
            )
    ));
end;
$$;
