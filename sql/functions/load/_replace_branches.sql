-- _replace_branches: replace the tenant's branches with the staged locations file.
--
-- Definition  Branches missing from the temporary table stage_locations are deleted; their figures
--             stay and show as an unknown branch. Ids in stored events are renamed according to the
--             file.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/store/load.py, inside the swap transaction
create or replace function _replace_branches(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    delete from locations as l
    where
        l.tenant_id = p_tenant_id
        and not exists (select from stage_locations as n where n.location_id = l.location_id);
    insert into locations as l (
        tenant_id, location_id, name, city, region, email, phone, is_active
    )
    select
        p_tenant_id, n.location_id, n.name, n.city, n.region, n.email, n.phone, n.is_active
    from stage_locations as n
    on conflict on constraint locations_pkey do update set
        name = excluded.name, city = excluded.city, region = excluded.region,
        email = excluded.email, phone = excluded.phone, is_active = excluded.is_active;
    perform _match_branches(p_tenant_id);
    perform _rename_ids(p_tenant_id);
end;
$$;
