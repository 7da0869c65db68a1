-- _chain_query: SQL text that reads, in time order, the touched subjects' evidence, possible
-- closing orders and chain ends set by people. Within an instant evidence comes first, then orders,
-- then people. Parameters: $1 tenant, $2 task type, $3 the excluded customers, whose orders end no
-- chain.
--
-- Called by   sql/functions/derive/_mark_chains.sql
create or replace function _chain_query()
returns text
language sql
immutable
as $$
    select '
        with closers as (
            select e.subject, o.order_key
            from (select distinct subject from evidence) as e
            inner join shop_order as o on e.subject = ''c:'' || o.contact_id
            where o.tenant_id = $1
            union
            select e.subject, o.order_key
            from (select distinct subject, company_id from evidence) as e
            inner join shop_order as o on o.company_id = e.company_id
            where o.tenant_id = $1
            union
            select e.subject, o.order_key
            from (select distinct subject, user_pseudo_id from evidence) as e
            inner join shop_order as o on o.user_pseudo_id = e.user_pseudo_id
            where o.tenant_id = $1
        )
        select
            e.subject, e.fact_ts as step_ts, 1 as kind, null as order_key, null as contact_id,
            null as company_id, null as device,
            array_agg(distinct e.company_id) as companies,
            array_agg(distinct e.user_pseudo_id) as devices
        from evidence as e
        group by e.subject, e.fact_ts
        union all
        select
            c.subject, o.order_ts, 2, o.order_key, o.contact_id, o.company_id,
            o.user_pseudo_id, null, null
        from closers as c
        inner join shop_order as o on o.tenant_id = $1 and o.order_key = c.order_key
        where not _is_excluded(o.contact_id, o.company_id, $3)
        union all
        select w.subject, w.done_at, 3, null, null, null, null, null, null
        from task_work as w
        inner join touched_subject as t on t.task_type = w.task_type and t.subject = w.subject
        where w.tenant_id = $1 and w.task_type = $2 and w.done_at is not null
        order by 1, 2, 3, 4'
$$;
