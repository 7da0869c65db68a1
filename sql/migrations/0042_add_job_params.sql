-- What a job is asked stands in one column, which its handler alone understands. start_date,
-- end_date, data_types and changed_only repeat what lists of jobs show of it; a trigger fills them.
-- Rows of an earlier release have these columns alone: app/jobs/rows.py reads them.
alter table processing_jobs add column params jsonb not null default '{}';
