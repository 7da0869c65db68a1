-- A visitor's sessions by day, so that the ones around a changed day are found without the rest.
drop index session_visitor;
create index session_visitor on session (tenant_id, visitor_id, session_date);
