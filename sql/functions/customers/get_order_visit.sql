-- get_order_visit: the session of an order: its path through the shop, and items viewed but not
-- bought.
--
-- Definition  No row for a cookieless order, or if get_session would not find the session. pages:
--             titles, else addresses, in order, consecutive duplicates once, at most p_limit.
--             viewed: viewed items (by id, else name) in none of the order's lines: [{item_id,
--             item_name, views}].
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/lists/context.py
create or replace function get_order_visit(
    p_tenant_id uuid, p_scope member_scope, p_order_key text, p_limit integer default 30
)
returns table (
    session_id text, first_at timestamptz, last_at timestamptz, page_views integer, pages jsonb,
    viewed jsonb
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_order shop_order;
    v_visit session;
    v_location_ids text[];
    v_words text[] := _nothing_words(p_tenant_id);
begin
    select o.* into v_order
    from shop_order as o
    where o.tenant_id = p_tenant_id and o.order_key = p_order_key;
    select s.* into v_visit
    from session as s
    where
        s.tenant_id = p_tenant_id and s.session_key = v_order.session_key
        and s.session_id = v_order.session_id;
    v_location_ids := _shown_branches(p_tenant_id, p_scope, _session_customer(v_visit));
    if v_visit.session_id is null or v_visit.branch_id <> all(v_location_ids) then
        return;
    end if;
    return query
    with seen as (
        select
            coalesce(nullif(p.page_title, ''), split_part(p.page_url, '?', 1)) as label,
            row_number() over (
                order by
                    p.event_ts, p.batch_page_id nulls first, p.batch_ordering_id nulls first,
                    p.batch_event_index nulls first, p.page_url
            ) as place
        from page_view as p
        where
            p.tenant_id = p_tenant_id and p.session_key = v_visit.session_key
            and p.session_id = v_visit.session_id
            and p.event_date between v_visit.first_event_date and v_visit.last_event_date
    ),
    path as (
        select s.label, s.place
        from (
            select n.*, lag(n.label) over (order by n.place) as label_before
            from seen as n
        ) as s
        where s.label is not null and s.label is distinct from s.label_before
        order by s.place
        limit p_limit
    ),
    viewed as (
        select
            _named_text(v.item_id, v_words) as item_id,
            _named_text(v.item_name, v_words) as item_name
        from view_item as v
        where
            v.tenant_id = p_tenant_id and v.session_key = v_visit.session_key
            and v.session_id = v_visit.session_id
            and v.event_date between v_visit.first_event_date and v_visit.last_event_date
    ),
    items as (
        select
            v.item_id, max(v.item_name) as item_name,
            coalesce('i:' || v.item_id, 'n:' || v.item_name) as item_key, count(*) as views
        from viewed as v
        where coalesce(v.item_id, v.item_name) is not null
        group by v.item_id, 3
    )
    select
        v_visit.session_id, v_visit.first_ts, v_visit.last_ts, v_visit.page_views,
        coalesce((select jsonb_agg(p.label order by p.place) from path as p), '[]'),
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'item_id', i.item_id, 'item_name', i.item_name, 'views', i.views
            ) order by i.views desc, i.item_key)
            from items as i
            where i.item_key not in (
                select coalesce(_item_key(l.line), '')
                from jsonb_path_query(v_order.items_json, '$[*]') as l (line)
            )
        ), '[]');
end;
$$;
