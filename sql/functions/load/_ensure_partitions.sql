-- _ensure_partitions: create the monthly partitions, from p_first's month to p_last's, of the
-- tables that a load fills.
--
-- Definition  At most 800 days at once, which no load exceeds, so a wrong date cannot create
--             thousands of tables. The start of a load checks that its days are neither expired nor
--             in the future. Missing partitions are created and then attached, so readers and
--             writers of other months are not blocked. A partition has its parent's row-level
--             security and is reached through it.
-- Tenant      none: structure only.
-- Called by   app/database/migrate.py, app/database/partitions.py (as app_owner)
create or replace function _ensure_partitions(p_first date, p_last date)
returns integer
language plpgsql
as $$
declare
    v_parent text;
    v_month date;
    v_name text;
    v_created integer := 0;
begin
    if p_first < date '2005-01-01' or p_last > date '2099-12-31' or p_last > p_first + 800 then
        raise exception 'no partitions outside 2005 to 2099 or of more than 800 days: % to %',
            p_first, p_last;
    end if;
    perform pg_advisory_xact_lock(7241002);
    foreach v_parent in array array[
        'purchase', 'add_to_cart', 'page_view', 'view_item',
        'view_search_results', 'no_search_results', 'session_part'
    ] loop
        for v_month in
            select generate_series(
                date_trunc('month', p_first::timestamp), p_last::timestamp, interval '1 month'
            )::date
        loop
            v_name := v_parent || to_char(v_month, '"_p"YYYYMM');
            continue when to_regclass(format('public.%I', v_name)) is not null;
            execute format(
                'create table %I (like %I including defaults including generated)', v_name, v_parent
            );
            execute format('alter table %I enable row level security', v_name);
            execute format('alter table %I force row level security', v_name);
            execute format(
                'alter table %I attach partition %I for values from (%L) to (%L)',
                v_parent, v_name, v_month, (v_month + interval '1 month')::date
            );
            v_created := v_created + 1;
        end loop;
    end loop;
    return v_created;
end;
$$;
