-- Which request asked for a job, so that its lines in the log can be found from the browser's.
alter table processing_jobs add column request_id text;
alter table processing_jobs add constraint processing_jobs_request_id
check (request_id ~ '^[0-9a-f]{32}$');
