-- _odd_row_query: SQL text that records the odd rows of one event type in odd_row. Parameters: $1
-- tenant, $2 the days, $3 the words for nothing.
--
-- Definition  A row is recorded once per kind; repeated_row once per copy beyond the first.
--             items_json has the odd items. Views are checked only for prices and copies: their
--             items have no quantity and belong to no order.
-- Called by   sql/functions/load/_note_odd_rows.sql
create or replace function _odd_row_query(p_event_type text)
returns text
language sql
immutable
as $$
    select format(
        'insert into odd_row
        select
            $1, e.event_date, coalesce(e.branch_id, ''''), k.kind, %1$L, e.event_name, e.event_ts,
            e.session_id, e.transaction_id, e.amount, e.currency, nullif(k.items, ''[]'')
        from (
            select
                r.event_date, r.branch_id, r.event_name, r.event_ts, r.session_id, r.copies, %2$s
            from %1$I as r %3$s
            where r.tenant_id = $1 and r.event_date = any($2)
        ) as e
        cross join lateral (
            select ''repeated_row'' as kind, ''[]''::jsonb as items
            from generate_series(2, e.copies)
            union all
            select c.kind, ''[]''
            from (values
                (''negative_refund'', e.event_name = ''refund'' and e.amount < 0),
                (''negative_revenue'', e.event_name = ''purchase'' and e.amount < 0)
            ) as c (kind, is_odd)
            where c.is_odd
            union all
            select i.kind, jsonb_path_query_array(e.items, i.path)
            from (values
                (''negative_quantity'', e.event_name not in (''begin_checkout'', ''view_item''),
                    ''$[*] ? (@.quantity < 0)''::jsonpath),
                (''negative_price'', true, ''$[*] ? (@.price < 0)''),
                (''unnamed_item'', e.event_name <> ''view_item'', ''$[*] ? (
                    (@.item_id == null || !exists(@.item_id))
                    && (@.item_name == null || !exists(@.item_name))
                )'')
            ) as i (kind, is_meant, path)
            where e.items is not null and i.is_meant and jsonb_path_exists(e.items, i.path)
        ) as k
        where e.copies > 1 or e.amount < 0 or e.items is not null',
        p_event_type,
        case p_event_type
            when 'purchase'
                then 'r.transaction_id, r.revenue as amount, r.currency,
                    n.items'
            when 'add_to_cart'
                then 'null as transaction_id, r.value as amount, r.currency,
                    n.items'
            when 'view_item'
                then 'null as transaction_id, r.item_price as amount, r.currency,
                    r.items_json as items'
            else 'null as transaction_id, null::numeric as amount, null as currency,
                    null::jsonb as items'
        end,
        case when p_event_type in ('purchase', 'add_to_cart')
            then 'cross join lateral _named_items(r.items_json, $3) as n' else '' end
    )
$$;
