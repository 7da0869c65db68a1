-- _is_planning_in_scope: whether somebody who sees p_scope may know of a planning of mail.
--
-- Definition  True if it is about no branch outside p_scope, or one of its messages is about none.
--             p_scope null is every branch. p_location_ids null is a planning of every branch.
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
