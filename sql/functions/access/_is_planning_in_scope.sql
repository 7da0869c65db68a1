-- _is_planning_in_scope: whether a member with p_scope may know of a planned mailing.
--
-- Definition  True if it concerns no branch outside p_scope, or if one of its messages concerns no
--             branch. p_scope null means every branch; p_location_ids null means the mailing covers
--             every branch.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   get_email_jobs_paginated
create or replace function _is_planning_in_scope(
    p_tenant_id uuid, p_job_id uuid, p_location_ids text[], p_scope text[]
)
returns boolean
language sql
stable
as $$
    select
        p_scope is null
        or coalesce(p_location_ids <@ p_scope, false)
        or exists (
            select
            from email_send_history as h
            where
                h.tenant_id = p_tenant_id and h.job_id = p_job_id
                and h.branch_ids <@ p_scope and h.branch_ids <> '{}'
        );
$$;
