-- _touch_everything: touch all of a tenant's rows if they were derived by another version of these
-- functions or with other rules or words for nothing.
--
-- Definition  The version is _derivation_version(). _touch_hidden handles changes in who is left
--             out of figures.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _touch_everything(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_version constant integer := _derivation_version();
    v_rules jsonb;
begin
    select c.rules - 'exclude_from_figures' into v_rules from tenant_config as c where c.tenant_id = p_tenant_id;
    insert into derivation as d (tenant_id, version, rules, nothing_words)
    values (p_tenant_id, v_version, v_rules, _nothing_words(p_tenant_id))
    on conflict on constraint derivation_pkey do update set
        version = excluded.version, rules = excluded.rules,
        nothing_words = excluded.nothing_words
    where
        (d.version, d.rules, d.nothing_words)
        is distinct from (excluded.version, excluded.rules, excluded.nothing_words);
    if not found then
        return;
    end if;
    insert into touched_session
    select s.session_key, s.session_id from session as s where s.tenant_id = p_tenant_id
    on conflict do nothing;
    perform _touch_sessionless(
        array(select l.event_date from day_load as l where l.tenant_id = p_tenant_id)
    );
    insert into touched_order
    select o.order_key from shop_order as o where o.tenant_id = p_tenant_id
    on conflict do nothing;
    insert into touched_subject
    select distinct f.task_type, f.subject from fact as f where f.tenant_id = p_tenant_id
    on conflict do nothing;
    analyze touched_session;
end;
$$;
