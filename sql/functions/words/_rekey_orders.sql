-- _rekey_orders: recompute the order keys of stored purchases from the current words for nothing
-- and named ids; add the old and new keys of changed rows to touched_order.
--
-- Definition  p_is_all false: only purchases without a session, whose keys contain their subject.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/words/_apply_words.sql, sql/functions/words/_rename_ids.sql
create or replace function _rekey_orders(p_tenant_id uuid, p_is_all boolean)
returns void
language plpgsql
as $$
declare
    v_words text[] := _nothing_words(p_tenant_id);
begin
    create temporary table key_change on commit drop as
    select k.source, k.source_row, k.old_key, k.new_key
    from (
        select
            p.tableoid as source, p.ctid as source_row, p.order_key as old_key,
            _order_key(
                p.event_name, p.transaction_id, p.session_id,
                _event_subject(p.user_id, p.company_id, p.user_pseudo_id), p.event_ts, p.revenue,
                v_words
            ) as new_key
        from purchase as p
        where p.tenant_id = p_tenant_id and (p_is_all or p.session_key is null)
    ) as k
    where k.new_key <> k.old_key;
    insert into touched_order
    select c.old_key from key_change as c
    union
    select c.new_key from key_change as c
    on conflict do nothing;
    update purchase as p
    set order_key = c.new_key
    from key_change as c
    where p.tenant_id = p_tenant_id and p.tableoid = c.source and p.ctid = c.source_row;
    drop table key_change;
end;
$$;
