-- _named_items: the items of an order in one row, with ids, names and categories null if they are
-- words for nothing. p_words comes from _nothing_words.
--
-- Definition  Returns a set, so that PostgreSQL inlines it into the calling statement; calling it
--             per row costs ten times as much.
-- Tenant      none
-- Called by   sql/functions/derive/_derive_orders.sql, sql/functions/load/_odd_row_query.sql
create or replace function _named_items(p_items jsonb, p_words text[])
returns table (items jsonb)
language sql
immutable
as $$
    select case
        when not exists (
            select from
                jsonb_path_query(p_items, '$[*]') as i (item),
                unnest(array[
                    i.item ->> 'item_id', i.item ->> 'item_name', i.item ->> 'item_category'
                ]) as f (name)
            where
                jsonb_typeof(p_items) = 'array'
                and f.name is not null and _is_nothing(f.name, p_words)
        ) then p_items
        else (
            select jsonb_agg(
                i.item || coalesce((
                    select jsonb_object_agg(f.field, null)
                    from unnest(array['item_id', 'item_name', 'item_category']) as f (field)
                    where i.item ? f.field and _is_nothing(i.item ->> f.field, p_words)
                ), '{}')
                order by i.place
            )
            from jsonb_array_elements(p_items) with ordinality as i (item, place)
        )
    end
$$;
