-- _touch_excluded: if exclusions changed since the tenant's tasks were derived, touch the tasks of
-- the customers concerned and those that their orders ended or could end.
--
-- Definition  Orders of a changed contact or company go through order_image like changed orders,
--             which reaches everybody with their contact, company and device.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql, after _touch_everything
create or replace function _touch_excluded(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_excluded text[] := _excluded_customers(p_tenant_id);
    v_before text[];
    v_changed text[];
begin
    select d.excluded into v_before from derivation as d where d.tenant_id = p_tenant_id;
    if v_before = v_excluded then
        return;
    end if;
    update derivation set excluded = v_excluded where tenant_id = p_tenant_id;
    v_changed := array(
        (select b.* from unnest(v_before) as b (customer)
        except select x.* from unnest(v_excluded) as x (customer))
        union all
        (select x.* from unnest(v_excluded) as x (customer)
        except select b.* from unnest(v_before) as b (customer))
    );
    insert into touched_order
    select o.order_key
    from shop_order as o
    where
        o.tenant_id = p_tenant_id
        and ('c:' || o.contact_id = any(v_changed) or 'k:' || o.company_id = any(v_changed))
    on conflict do nothing;
    insert into order_image
    select o.contact_id, o.company_id, o.user_pseudo_id, o.session_key, o.session_id
    from shop_order as o
    where
        o.tenant_id = p_tenant_id
        and ('c:' || o.contact_id = any(v_changed) or 'k:' || o.company_id = any(v_changed));
    insert into touched_subject
    select distinct f.task_type, f.subject
    from fact as f
    where
        f.tenant_id = p_tenant_id
        and ('c:' || f.contact_id = any(v_changed) or 'k:' || f.company_id = any(v_changed))
    on conflict do nothing;
end;
$$;
