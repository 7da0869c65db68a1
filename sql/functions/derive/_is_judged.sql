-- _is_judged: whether it is certain that a task is one.
--
-- Definition  A cart task depends on an order not coming: the time from the cart's last activity
--             until it is ready must be loaded without gaps (p_loaded, from _loaded_time). Other
--             tasks are ready with their evidence, which must not be later than the end of the
--             loaded time.
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
