-- _name_items: takes words for nothing out of the ids and names of staged items.
--
-- Definition  An item keeps what is left of its id and name; one with neither is unnamed. The
--             pattern finds the few rows concerned in the text of their items. Views, which are
--             many and belong to no order, are found by their first item.
-- Tenant      p_tenant_id's words; the rows are a temporary table of this transaction.
-- Called by   app/ingest/load.py, after the rows of p_event_type were copied into stage_TYPE
create or replace function _name_items(p_tenant_id uuid, p_event_type text)
returns void
language plpgsql
as $$
declare
    v_words text[] := _nothing_words(p_tenant_id);
    v_pattern text := (
        select
            '"item_(id|name)": "\s*('
            || string_agg(
                regexp_replace(btrim(to_json(w.word)::text, '"'), '([^[:alnum:] ])', '\\\1', 'g'),
                '|'
            )
            || '|\{\{[^"]*\}\}|%[^"]+%|\$\{[^"]*\})\s*"'
        from unnest(v_words) as w (word)
    );
begin
    execute format(
        'update %I as s
        set items_json = (
            select jsonb_agg(
                i.item
                || case when _is_nothing(i.item ->> ''item_id'', $1)
                    then ''{"item_id": null}'' else ''{}'' end::jsonb
                || case when _is_nothing(i.item ->> ''item_name'', $1)
                    then ''{"item_name": null}'' else ''{}'' end::jsonb
                order by i.place
            )
            from jsonb_array_elements(s.items_json) with ordinality as i (item, place)
        )%s
        where %s',
        'stage_' || p_event_type,
        case when p_event_type <> 'purchase' then ',
            item_id = case when not _is_nothing(s.item_id, $1) then s.item_id end,
            item_name = case when not _is_nothing(s.item_name, $1) then s.item_name end'
        else '' end,
        case p_event_type
            when 'view_item' then
                's.item_id is not null and _is_nothing(s.item_id, $1)
                or s.item_name is not null and _is_nothing(s.item_name, $1)'
            else 's.items_json::text ~* $2'
        end
    ) using v_words, v_pattern;
end;
$$;
