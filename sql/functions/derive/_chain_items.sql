-- _chain_items: the distinct items viewed in the sessions of each chain of chain_span.
--
-- Definition  An item is its id, else its name; its price is the last known one. items is an array
--             of {item_id, item_name, category, price, views}, most viewed first.
-- Units       total is the sum of the known prices, in currency, the last one named.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_no_conversion_tasks.sql, _visit_tasks.sql
create or replace function _chain_items(p_tenant_id uuid)
returns table (
    subject text, first_at timestamptz, items jsonb, total numeric, is_incomplete boolean,
    currency text, words text
)
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_sessions bigint[];
begin
    v_sessions := _few(array(select d.session_key from evidence as d));
    return query
    with viewed as (
        select
            c.subject, c.first_at, e.fact_ts, e.session_id, e.currency, e.items
        from chain_span as c
        inner join evidence as e
            on e.subject = c.subject and e.fact_ts between c.first_at and c.last_at
        where e.task_type = 'visit'
        union all
        select s.subject, s.first_at, f.fact_ts, f.session_id, f.currency, f.items
        from (
            select distinct c.subject, c.first_at, e.session_key, e.session_id
            from chain_span as c
            inner join evidence as e
                on e.subject = c.subject and e.fact_ts between c.first_at and c.last_at
            where e.task_type <> 'visit'
        ) as s
        inner join fact as f
            on
                f.tenant_id = p_tenant_id and f.session_key = s.session_key
                and f.session_id = s.session_id and f.task_type = 'visit'
                and (v_sessions is null or f.session_key = any(v_sessions))
    ),
    seen as (
        select
            v.subject, v.first_at, v.fact_ts, v.session_id, v.currency,
            i.item ->> 'item_id' as id, i.item ->> 'item_name' as name,
            i.item ->> 'category' as category, (i.item ->> 'price')::numeric as price,
            (i.item ->> 'views')::integer as views
        from viewed as v
        cross join lateral jsonb_array_elements(v.items) as i (item)
    ),
    grouped as (
        select
            s.subject, s.first_at, coalesce('i:' || s.id, 'n:' || s.name) as item_key,
            (array_agg(s.id order by s.fact_ts desc, s.session_id))[1] as id,
            (array_agg(s.name order by s.fact_ts desc, s.session_id))[1] as name,
            (array_agg(s.category order by s.fact_ts desc, s.session_id))[1] as category,
            (array_agg(s.price order by s.fact_ts desc, s.session_id)
                filter (where s.price is not null))[1] as price,
            sum(s.views) as views,
            (array_agg(s.currency order by s.currency = '', s.fact_ts desc, s.session_id))[1]
                as currency,
            max(s.fact_ts) as last_ts
        from seen as s
        group by 1, 2, 3
    ),
    labels as (
        select l.label, _words(l.label) as words
        from (select distinct concat_ws(' ', g.id, g.name) as label from grouped as g) as l
    )
    select
        g.subject, g.first_at,
        jsonb_agg(jsonb_build_object(
            'item_id', g.id, 'item_name', g.name, 'category', g.category, 'price', g.price,
            'views', g.views
        ) order by g.views desc, g.item_key),
        coalesce(sum(g.price), 0), bool_or(g.price is null),
        (array_agg(g.currency order by g.currency = '', g.last_ts desc, g.item_key))[1],
        string_agg(l.words, '' order by g.views desc, g.item_key)
    from grouped as g
    inner join labels as l on l.label = concat_ws(' ', g.id, g.name)
    group by g.subject, g.first_at;
end;
$$;
