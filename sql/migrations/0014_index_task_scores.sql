-- Scores of 100,000 tasks in the time of a page: the logarithm of a task's value is kept beside it,
-- and lists read it from their index.
alter table task
add column log_value double precision generated always as (
    ln(1 + greatest(value, 0)::double precision)
) stored;
drop index task_list;
create index task_list on task (tenant_id, task_type, last_date, branch_id) include (
    task_id, customer_key, is_task, ready_at, last_at, closed_at, expires_at, touched_at, state,
    snoozed_until, cool_until, fixed_at, currency, value, log_value, estimate_sessions,
    has_checkout, reach, is_known_buyer, owner, owner_branch_id, account_owner
);
drop function if exists _task_score(
    text, numeric, numeric, timestamptz, timestamptz, boolean, smallint, boolean
);
drop function if exists _task_source(text[], text[], boolean, numeric, text[]);
