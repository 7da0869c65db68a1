-- _mirror_work: trigger that copies a person's changes of a task to the task's row.
--
-- Definition  If a load has since moved the task's chain, the row is the earliest untouched one of
--             its type and subject that overlaps the old interval.
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
    if not found and new.merged_into is null and new.touched_at is not null then
        update task as t
        set
            task_id = new.task_id, state = new.state, outcome = new.outcome, owner = new.owner,
            snoozed_until = new.snoozed_until, version = new.version,
            touched_at = new.touched_at
        where
            t.tenant_id = new.tenant_id and t.touched_at is null and t.task_id = (
                select k.task_id
                from task as k
                where
                    k.tenant_id = new.tenant_id and k.task_type = new.task_type
                    and k.subject = new.subject and k.first_at <= new.last_at
                    and k.last_at >= new.first_at and k.order_key = new.order_key
                order by k.first_at
                limit 1
            );
    end if;
    return null;
end;
$$;
create or replace trigger mirror_work
after insert or update of state, outcome, owner, snoozed_until, version on task_work
for each row execute function _mirror_work();
