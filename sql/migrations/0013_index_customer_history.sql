-- The sessions of a company, newest first: the customer page's history. Not every session has one.
create index session_company on session (tenant_id, company_id, first_ts)
where company_id is not null;
