-- _derive: everything that follows from the touched sessions and orders, anew.
--
-- Definition  After it the derived rows equal a full recomputation from the events.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/load.py, inside the swap transaction, after _derive_begin and whatever
--             filled touched_session, touched_order and touched_day
create or replace function _derive(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    perform _collect_sessions(p_tenant_id);
    perform _resolve_mixed(p_tenant_id);
    perform _settle_sessions(p_tenant_id);
    perform _store_sessions(p_tenant_id);
    perform _derive_orders(p_tenant_id);
    perform _derive_refunds(p_tenant_id);
    perform _store_orders(p_tenant_id);
    perform _derive_facts(p_tenant_id);
    perform _derive_chains(p_tenant_id);
    perform _derive_branch_days(p_tenant_id);
end;
$$;
