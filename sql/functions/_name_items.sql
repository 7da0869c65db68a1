-- _name_items: the items of an order, their ids, names and categories null where they are words for
-- nothing; p_words as _nothing_words returns them.
--
-- Tenant      none
-- Called by   sql/functions/_derive_orders.sql
create or replace function _name_items(p_items jsonb, p_words text[])
returns jsonb
language sql
immutable
as $$
    select case
        when jsonb_typeof(p_items) is distinct from 'array' or p_items = '[]' then p_items
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
