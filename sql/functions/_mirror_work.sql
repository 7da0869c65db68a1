-- _mirror_work: a trigger; where a person left a task stands on the task's row too.
--
-- Called by   every insert into and update of task_work
create or replace function _mirror_work()
returns trigger
language plpgsql
as $$
begin
    update task as t
    set
        state = new.state, outcome = new.outcome, owner = new.owner,
        snoozed_until = new.snoozed_until, version = new.version, touched_at = new.touched_at
    where t.tenant_id = new.tenant_id and t.task_id = new.task_id;
    return null;
end;
$$;
create or replace trigger mirror_work
after insert or update of state, outcome, owner, snoozed_until, version on task_work
for each row execute function _mirror_work();
