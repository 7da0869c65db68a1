-- _derive_orders: the orders of the touched keys and their repeats, into order_new and repeat_new.
--
-- Definition  The first purchase event of a key is the order; later ones are repeats. Contact,
--             company and branch are the event's, else the nearest in its session. Orders of hidden
--             customers are marked.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _derive_orders(p_tenant_id uuid)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_sessions bigint[];
    v_hidden text[] := _hidden_customers(p_tenant_id);
    v_words text[] := _nothing_words(p_tenant_id);
begin
    insert into touched_order
    select distinct p.order_key
    from purchase as p
    inner join touched_session as t
        on p.session_key = t.session_key and p.session_id = t.session_id
    where p.tenant_id = p_tenant_id
    on conflict do nothing;
    analyze touched_order;
    insert into mixed_session
    select distinct s.session_key, s.session_id, s.first_event_date, s.last_event_date
    from touched_order as t
    inner join purchase as p on p.order_key = t.order_key
    inner join session as s on s.session_key = p.session_key and s.session_id = p.session_id
    left join touched_session as d
        on d.session_key = s.session_key and d.session_id = s.session_id
    where
        p.tenant_id = p_tenant_id and s.tenant_id = p_tenant_id
        and s.is_mixed and d.session_id is null;
    perform _resolve_mixed(p_tenant_id);
    v_sessions := _few(array(
        select p.session_key
        from touched_order as t
        inner join purchase as p on p.order_key = t.order_key
        where p.tenant_id = p_tenant_id
    ));
    create temporary table purchase_event on commit drop as
    select
        p.order_key, p.event_name, p.transaction_id, p.event_ts, p.event_date, p.session_key,
        p.session_id, p.user_pseudo_id, p.revenue,
        n.items as items_json,
        _currency_code(p.currency, v_words) as currency, false as is_excluded,
        case when p.session_id is null then p.user_id
            when m.source is null then s.contact_id else m.contact_id end as contact_id,
        case when p.session_id is null then p.company_id
            when m.source is null then s.company_id else m.company_property end as company_id,
        case when p.session_id is null then coalesce(p.branch_id, '')
            when m.source is null then s.branch_id else m.branch_id end as branch_id,
        row_number() over (
            partition by p.order_key, p.event_name
            order by
                p.event_ts, p.batch_page_id nulls first, p.batch_ordering_id nulls first,
                p.batch_event_index nulls first, p.user_pseudo_id, p.ga_session_id, p.revenue,
                p.currency, p.items_json::text, p.page_url, p.user_id, p.company_id, p.branch_id
        ) as position
    from touched_order as t
    inner join purchase as p on p.order_key = t.order_key
    left join session as s
        on
            s.tenant_id = p_tenant_id
            and s.session_key = p.session_key and s.session_id = p.session_id
            and (v_sessions is null or s.session_key = any(v_sessions))
    left join mixed_event as m on m.source = p.tableoid and m.source_row = p.ctid
    cross join lateral _named_items(p.items_json, v_words) as n
    where p.tenant_id = p_tenant_id;
    update purchase_event as e
    set company_id = u.buying_company_erp_id
    from users as u
    where
        u.tenant_id = p_tenant_id and u.user_id = e.contact_id
        and u.buying_company_erp_id is not null;
    update purchase_event as e
    set is_excluded = true
    where 'c:' || e.contact_id = any(v_hidden) or 'k:' || e.company_id = any(v_hidden);
    insert into order_new
    select
        p_tenant_id, e.order_key,
        case when e.order_key like 't:%' then e.transaction_id end,
        e.event_ts, e.event_date, e.session_key, e.session_id, e.user_pseudo_id, e.contact_id,
        e.company_id, e.branch_id, e.currency, coalesce(e.revenue, 0), e.revenue is null,
        e.items_json, 0, e.is_excluded
    from purchase_event as e
    where e.event_name = 'purchase' and e.position = 1;
    update order_new as n
    set row_hash = hash_record_extended(n, 0);
    insert into repeat_new
    select p_tenant_id, e.order_key, e.position - 1, e.event_ts, e.event_date, e.branch_id
    from purchase_event as e
    where e.event_name = 'purchase' and e.position > 1;
end;
$$;
