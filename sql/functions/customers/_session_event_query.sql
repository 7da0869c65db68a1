-- _session_event_query: SQL text that reads the events of one session. Parameters: $1 tenant, $2
-- session key, $3 session id, $4 and $5 first and last day, $9 the words for nothing, $11 the
-- branches whose orders may be shown (null for all).
--
-- Called by   sql/functions/customers/get_session_history.sql
create or replace function _session_event_query()
returns text
language sql
immutable
as $$
    select string_agg(
        'select
            e.event_ts, e.event_name, e.batch_page_id, e.batch_ordering_id, e.batch_event_index,
            e.page_url, e.user_id, ' || s.columns || '
        from ' || s.event_type || ' as e
        where
            e.tenant_id = $1 and e.session_key = $2 and e.session_id = $3
            and e.event_date between $4 and $5' || case when s.event_type = 'purchase'
            then ' and ($11::text [] is null or exists (
                select from shop_order as o
                where
                    o.tenant_id = $1 and o.order_key = e.order_key and o.branch_id = any($11)
            ))' else '' end,
        ' union all ' order by s.event_type <> 'page_view', s.event_type
    )
    from (values
        ('page_view', 'e.page_title as label, null::text as item_id, null::numeric as amount,
            null::text as currency, null::text as term, null::jsonb as items'),
        ('view_item', '_named_text(e.item_name, $9), _named_text(e.item_id, $9), e.item_price,
            _named_text(e.currency, $9), null, e.items_json'),
        ('add_to_cart', '_named_text(e.item_name, $9), _named_text(e.item_id, $9), e.value,
            _named_text(e.currency, $9), null, e.items_json'),
        ('purchase', '_named_text(e.transaction_id, $9), null, e.revenue,
            _named_text(e.currency, $9), null, e.items_json'),
        ('view_search_results', 'null, null, null, null, e.search_term, null'),
        ('no_search_results', 'null, null, null, null, e.search_term, null')
    ) as s (event_type, columns)
$$;
