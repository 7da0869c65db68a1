-- _touch_subjects: add the subjects that a changed order may concern to touched_subject and
-- touched_party, and the task types that follow from each kind of evidence.
--
-- Definition  Evidence is of kind cart, search or visit, and touches the task types derived from
--             it. An order concerns its old and new contact, company and device.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_tasks.sql
create or replace function _touch_subjects(p_tenant_id uuid)
returns void
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
declare
    v_contacts text[];
    v_companies text[];
    v_devices text[];
begin
    if exists (select from order_image) then
        analyze order_image;
        v_contacts := _few(array(select 'c:' || d.contact_id from order_image as d));
        v_companies := _few(array(select d.company_id from order_image as d));
        v_devices := _few(array(select d.user_pseudo_id from order_image as d));
        insert into touched_party
        select 'c:' || i.contact_id from order_image as i where i.contact_id is not null
        union
        select 'k:' || i.company_id from order_image as i where i.company_id is not null
        on conflict do nothing;
        insert into touched_subject
        select distinct f.task_type, f.subject
        from (select distinct i.contact_id from order_image as i) as i
        inner join fact as f on f.subject = 'c:' || i.contact_id
        where
            f.tenant_id = p_tenant_id
            and (
                v_contacts is null
                or f.task_type in ('cart', 'search', 'visit') and f.subject = any(v_contacts)
            )
        on conflict do nothing;
        insert into touched_subject
        select distinct f.task_type, f.subject
        from (select distinct i.company_id from order_image as i) as i
        inner join fact as f on f.company_id = i.company_id
        where
            f.tenant_id = p_tenant_id
            and (v_companies is null or f.company_id = any(v_companies))
        on conflict do nothing;
        insert into touched_subject
        select distinct f.task_type, f.subject
        from (select distinct i.user_pseudo_id from order_image as i) as i
        inner join fact as f on f.user_pseudo_id = i.user_pseudo_id
        where
            f.tenant_id = p_tenant_id
            and (v_devices is null or f.user_pseudo_id = any(v_devices))
        on conflict do nothing;
    end if;
    insert into touched_subject
    select y.task_type, t.subject
    from touched_subject as t
    inner join _task_types() as y on y.evidence = t.task_type
    on conflict do nothing;
    analyze touched_subject;
end;
$$;
