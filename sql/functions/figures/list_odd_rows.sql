-- list_odd_rows: the loaded rows of one kind that get_data_quality counts, newest first.
--
-- Definition  Without a limit, as many rows as it counts. items: the odd items, as exported; null
--             if the row itself is odd.
-- Units       amount in currency; '' and null are the reporting currency. p_end_date is inclusive.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/dashboard/quality_queries.py
create or replace function list_odd_rows(
    p_tenant_id uuid, p_kind text, p_start_date date, p_end_date date, p_location_ids text[],
    p_limit integer, p_offset integer
)
returns table (
    event_date date, event_ts timestamptz, event_name text, branch_id text, session_id text,
    transaction_id text, amount numeric, currency text, items jsonb
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select
        o.event_date, o.event_ts, o.event_name, o.branch_id, o.session_id,
        o.transaction_id, o.amount, o.currency, o.items_json
    from odd_row as o
    where
        o.tenant_id = p_tenant_id and o.event_date between p_start_date and p_end_date
        and o.kind = p_kind
        and (p_location_ids is null or o.branch_id = any(p_location_ids))
    order by
        o.event_ts desc, o.event_name, o.session_id, o.transaction_id, o.amount,
        o.items_json::text
    limit p_limit offset p_offset;
end;
$$;
