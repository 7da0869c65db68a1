-- _touch_hidden: if the hidden customers changed since the tenant's rows were derived, touch the
-- sessions and orders of the customers concerned, and sessions of several identities.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql, after _touch_everything
create or replace function _touch_hidden(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_hidden text[] := _hidden_customers(p_tenant_id);
    v_before text[];
    v_contacts text[];
    v_companies text[];
begin
    select d.hidden into v_before from derivation as d where d.tenant_id = p_tenant_id;
    if v_before = v_hidden then
        return;
    end if;
    update derivation set hidden = v_hidden where tenant_id = p_tenant_id;
    select
        coalesce(array_agg(substr(u.customer, 3)) filter (where u.customer like 'c:%'), '{}'),
        coalesce(array_agg(substr(u.customer, 3)) filter (where u.customer like 'k:%'), '{}')
    into v_contacts, v_companies
    from (
        (select b.* from unnest(v_before) as b (customer)
        except select h.* from unnest(v_hidden) as h (customer))
        union all
        (select h.* from unnest(v_hidden) as h (customer)
        except select b.* from unnest(v_before) as b (customer))
    ) as u;
    insert into touched_session
    select s.session_key, s.session_id
    from session as s
    where
        s.tenant_id = p_tenant_id
        and (s.contact_id = any(v_contacts) or s.company_id = any(v_companies) or s.is_mixed)
    on conflict do nothing;
    perform _touch_sessionless(
        array(select d.event_date from day_load as d where d.tenant_id = p_tenant_id)
    );
    insert into touched_order
    select o.order_key
    from shop_order as o
    where
        o.tenant_id = p_tenant_id
        and (o.contact_id = any(v_contacts) or o.company_id = any(v_companies))
    on conflict do nothing;
    analyze touched_session;
end;
$$;
