-- _task_types: one row per type of task.
--
-- Definition  evidence: the kind of facts in the type's chains; an order is a task by itself.
--             half_life_days and intent: the type's part in a score; checkout_intent replaces
--             intent once a checkout has begun.
-- Called by   functions that derive, score and list tasks; inlined there. app/tasks/types.py has
--             the same rows.
create or replace function _task_types()
returns table (
    task_type text, evidence text, half_life_days integer, intent integer, checkout_intent integer
)
language sql
immutable
as $$
    values
        ('purchase', 'order', 7, 8, null::integer),
        ('cart', 'cart', 2, 15, 20),
        ('no_results', 'search', 3, 10, null),
        ('no_conversion', 'search', 3, 12, null),
        ('repeat_visit', 'visit', 5, 12, null),
        ('bounce', 'visit', 14, 4, null)
$$;
