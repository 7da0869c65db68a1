-- _derive: derive again everything that depends on the touched sessions and orders.
--
-- Definition  Afterwards the derived rows equal a full recomputation from the events.
-- Planner     PostgreSQL estimates one row for a tenant missing from its statistics. A nested loop
--             chosen for one row takes minutes for many; a hash join costs at most a scan of the
--             tenant's rows.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/store/load.py, in the swap transaction, after _derive_begin and after
--             touched_session, touched_order and touched_day were filled
create or replace function _derive(p_tenant_id uuid)
returns void
language plpgsql
set enable_nestloop = off
set work_mem = '64MB'
as $$
begin
    perform _apply_words(p_tenant_id);
    perform _touch_everything(p_tenant_id);
    perform _touch_hidden(p_tenant_id);
    perform _touch_excluded(p_tenant_id);
    perform _note_odd_rows(p_tenant_id);
    perform _collect_sessions(p_tenant_id);
    perform _resolve_mixed(p_tenant_id);
    perform _settle_sessions(p_tenant_id);
    perform _store_sessions(p_tenant_id);
    perform _derive_orders(p_tenant_id);
    perform _derive_refunds(p_tenant_id);
    perform _store_orders(p_tenant_id);
    perform _derive_facts(p_tenant_id);
    perform _derive_term_visits(p_tenant_id);
    perform _derive_branch_days(p_tenant_id);
    perform _derive_clock_hours(p_tenant_id);
    perform _derive_tasks(p_tenant_id);
    perform _derive_accounts(p_tenant_id);
end;
$$;
