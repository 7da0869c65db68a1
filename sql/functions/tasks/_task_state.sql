-- _task_state: the state of a task at p_now.
--
-- Definition  done: a person said so. closed: its evidence ended it, or every term was fixed.
--             snoozed: until a future instant, or left alone after a contact. expired: its rule's
--             time has passed since its last evidence, a person's last action or the end of its
--             snooze, whichever is latest. Else open or in_progress.
-- Called by   functions that list tasks; inlined there
create or replace function _task_state(
    p_state text, p_closed_at timestamptz, p_fixed_at timestamptz, p_snoozed_until timestamptz,
    p_cool_until timestamptz, p_last_at timestamptz, p_expires_at timestamptz,
    p_touched_at timestamptz, p_now timestamptz
)
returns text
language sql
stable
as $$
    select
        case
            when p_state = 'done' then 'done'
            when p_closed_at is not null or p_fixed_at is not null then 'closed'
            when p_state = 'snoozed' and p_snoozed_until > p_now then 'snoozed'
            when
                greatest(
                    p_expires_at,
                    greatest(p_touched_at, p_snoozed_until) + (p_expires_at - p_last_at)
                ) <= p_now
                then 'expired'
            when p_cool_until > p_now then 'snoozed'
            when p_state = 'snoozed' then 'open'
            else p_state
        end
$$;
