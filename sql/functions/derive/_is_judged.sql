-- _is_judged: whether it is known that a task is one.
--
-- Definition  A cart rests on an order that did not come: the time from its last activity until it is
--             ready must be loaded without a gap (p_loaded, from _loaded_time). The others are
--             ready with their evidence, which must not lie behind the end of what is loaded.
-- Called by   sql/functions/ that list and count tasks; inlined there
create or replace function _is_judged(
    p_task_type text, p_last_at timestamptz, p_ready_at timestamptz, p_loaded tstzmultirange
)
returns boolean
language sql
immutable
as $$
    select
        p_ready_at <= upper(p_loaded)
        and (p_task_type <> 'cart' or p_loaded @> tstzrange(p_last_at, p_ready_at))
$$;
