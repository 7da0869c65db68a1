-- list_customers reads when each customer was last there from an index alone.
drop index session_company;
create index session_company on session (tenant_id, company_id, first_ts)
include (last_ts, branch_id) where company_id is not null;
create index session_private on session (tenant_id, contact_id)
include (last_ts, branch_id) where company_id is null and contact_id is not null;
