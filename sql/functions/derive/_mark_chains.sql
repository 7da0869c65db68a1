-- _mark_chains: the start and end of the touched subjects' chains, into chain_span, and their
-- evidence.
--
-- Definition  A chain ends at the first order of its contact, company or device within 30 days (a
--             setting) of its last evidence, including everything up to that instant; where a
--             person marked its task done; or after 30 days without evidence. Company and device
--             are those of the evidence so far. Cookieless orders and orders of excluded customers
--             end no chain.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_tasks.sql
create or replace function _mark_chains(p_tenant_id uuid, p_task_type text)
returns void
language plpgsql
as $$
declare
    v_step record;
    v_subject text;
    v_first timestamptz;
    v_last timestamptz;
    v_companies text[];
    v_devices text[];
    v_silence interval;
    v_least integer;
begin
    select
        make_interval(days => r.chain_days),
        case p_task_type
            when 'no_conversion' then least(r.searches, r.term_sessions)
            when 'repeat_visit' then r.visits when 'bounce' then r.bounces else 1
        end
    into v_silence, v_least
    from _task_rules(p_tenant_id) as r;
    perform _gather_evidence(p_tenant_id, p_task_type);
    for v_step in execute _chain_query() using
        p_tenant_id, p_task_type, _excluded_customers(p_tenant_id)
    loop
        if v_first is not null and (
            v_subject <> v_step.subject or v_step.step_ts > v_last + v_silence
        ) then
            insert into chain_span values (v_subject, v_first, v_last, null, null);
            v_first := null;
        end if;
        if v_step.kind = 1 then
            if v_first is null then
                v_subject := v_step.subject;
                v_first := v_step.step_ts;
                v_companies := '{}';
                v_devices := '{}';
            end if;
            v_last := v_step.step_ts;
            v_companies := v_companies || array_remove(v_step.companies, null);
            v_devices := v_devices || array_remove(v_step.devices, null);
        elsif v_first is not null and v_step.kind = 3 then
            insert into chain_span values (v_subject, v_first, v_last, null, null);
            v_first := null;
        elsif v_first is not null and (
            v_step.subject = 'c:' || v_step.contact_id
            or v_step.company_id = any(v_companies)
            or v_step.device = any(v_devices)
        ) then
            insert into chain_span
            values (v_subject, v_first, v_last, v_step.order_key, v_step.step_ts);
            v_first := null;
        end if;
    end loop;
    if v_first is not null then
        insert into chain_span values (v_subject, v_first, v_last, null, null);
    end if;
    analyze chain_span;
    if v_least > 1 then
        perform _drop_short_chains(p_tenant_id, p_task_type, v_least);
    end if;
end;
$$;
