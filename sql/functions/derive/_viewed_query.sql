-- _viewed_query: the CTEs of _visit_query that read the distinct items viewed in visits; the last
-- one is listed. Parameters as in _visit_query.
--
-- Definition  An item is its id, else its name; its price is the last one shown.
-- Called by   sql/functions/derive/_visit_query.sql
create or replace function _viewed_query()
returns text
language sql
immutable
as $$
    select '
        views as (
            select
                v.session_key, v.session_id, _currency_code(v.currency, $5) as currency,
                row(
                    v.event_ts, coalesce(v.batch_page_id, -1), coalesce(v.batch_ordering_id, -1),
                    coalesce(v.batch_event_index, -1), coalesce(i.place, 0), i.item::text
                ) as moment,
                coalesce(i.item, jsonb_build_object(
                    ''item_id'', v.item_id, ''item_name'', v.item_name,
                    ''item_category'', v.item_category, ''price'', v.item_price
                )) as exported
            from view_item as v
            inner join visits as s
                on s.session_key = v.session_key and s.session_id = v.session_id
            left join lateral jsonb_array_elements(
                case when jsonb_typeof(v.items_json) = ''array'' then v.items_json else ''[]'' end
            ) with ordinality as i (item, place) on true
            where v.tenant_id = $1 and v.event_date between $2 and $3
        ),
        named as (
            select
                v.*, _item_text(v.exported, ''item_id'', $5) as item_id,
                _item_text(v.exported, ''item_name'', $5) as item_name,
                _item_text(v.exported, ''item_category'', $5) as category
            from views as v
        ),
        keyed as (
            select
                n.*, coalesce(''i:'' || n.item_id, ''n:'' || n.item_name) as item_key,
                jsonb_build_object(
                    ''item_id'', n.item_id, ''item_name'', n.item_name, ''category'', n.category
                ) as item,
                _item_number(n.exported -> ''price'') as price
            from named as n
        ),
        seen as (
            select
                k.session_key, k.session_id, k.item_key,
                (array_agg(k.item order by k.moment desc))[1] as item,
                (array_agg(k.price order by k.moment desc)
                    filter (where k.price is not null))[1] as price,
                (array_agg(k.currency order by k.currency = '''', k.moment desc))[1] as currency,
                count(*) as views
            from keyed as k
            where k.item_key is not null
            group by k.session_key, k.session_id, k.item_key
        ),
        listed as (
            select
                s.session_key, s.session_id,
                (array_agg(s.currency order by s.currency = '''', s.item_key))[1] as currency,
                jsonb_agg(jsonb_build_object(
                    ''item_id'', s.item ->> ''item_id'', ''item_name'', s.item ->> ''item_name'',
                    ''category'', s.item ->> ''category'', ''price'', s.price,
                    ''views'', s.views
                ) order by s.item_key) as items
            from seen as s
            group by s.session_key, s.session_id
        ),'
$$;
