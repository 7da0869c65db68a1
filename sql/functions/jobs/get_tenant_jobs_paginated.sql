-- get_tenant_jobs_paginated: a tenant's jobs, newest first, each row with the total.
--
-- Definition  Jobs of the requested kinds without a parent; steps and refused rows are read per
--             job.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/queries.py
create or replace function get_tenant_jobs_paginated(
    p_tenant_id uuid,
    p_limit integer default 50,
    p_offset integer default 0,
    p_kinds text[] default array['ingest']
)
returns table (job_id uuid, total bigint)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_total bigint;
begin
    select count(*) into v_total
    from processing_jobs as j
    where
        j.tenant_id = p_tenant_id and j.kind = any(p_kinds) and j.parent_job_id is null;
    return query
    select j.job_id, v_total
    from processing_jobs as j
    where
        j.tenant_id = p_tenant_id and j.kind = any(p_kinds) and j.parent_job_id is null
    order by j.created_at desc, j.job_id
    limit p_limit offset p_offset;
end;
$$;
