-- _item_number: a price or quantity of an exported item; null if not a number or out of range.
--
-- Called by   functions that read items_json
create or replace function _item_number(p_value jsonb)
returns numeric
language sql
immutable
as $$
    select case
        when jsonb_typeof(p_value) = 'number' and abs(p_value::numeric) < 1e12
            then round(p_value::numeric, 6)
    end
$$;
