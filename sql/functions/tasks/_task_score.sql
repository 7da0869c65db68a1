-- _task_score: a task's score from 0 to 100, the sum of five parts.
--
-- Definition  value 40·min(1, ln(1+v)/ln(1+p90)); recency 25·½^(age/half-life); intent up to 20 by
--             type; reachability 10 (phone 6, email 4, summed in p_reach); relationship 5.
--             p_log_value is ln(1+v); if it or p90 is null, the value part is 0. p_half_life_days
--             and p_intent come from _task_types.
-- Domain      Any age: power() raises an error if its result is too small for a double, so the
--             exponent is capped at 1,000 half-lives, where the recency shows as 0.
-- Called by   functions that list tasks; inlined there. app/tasks/score.py explains the parts.
create or replace function _task_score(
    p_half_life_days integer, p_intent integer, p_log_value double precision,
    p_value_p90 numeric, p_last_at timestamptz, p_now timestamptz, p_reach smallint,
    p_is_known_buyer boolean
)
returns double precision
language sql
immutable
as $$
    select
        case
            when 1 + p_value_p90::double precision > 1
                then 40 * least(
                    1, coalesce(p_log_value, 0) / ln(1 + p_value_p90::double precision)
                )
            else 0
        end
        + 25 * power(
            0.5::double precision,
            least(
                greatest(date_part('epoch', p_now - p_last_at), 0) / 86400 / p_half_life_days,
                1000
            )
        )
        + p_intent
        + p_reach
        + case when p_is_known_buyer then 5 else 0 end
$$;
