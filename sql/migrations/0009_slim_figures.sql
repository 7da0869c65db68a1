-- Hours of the clock, one row per hour: visitors_in_4 and visitors_in_12 count those who were not
-- seen before in the same run of 4 or 12 hours, so that they add up to the visitors of such a run.
-- Emptying clock_zone makes the next load of each tenant derive all of its hours anew; until then
-- charts count from the sessions.
truncate clock_zone;
drop table clock_hour;
create table clock_hour (
    tenant_id uuid not null,
    scope text not null collate "C",
    event_date date not null,
    local_hour smallint not null,
    visitors bigint not null,
    visitors_in_4 bigint not null,
    visitors_in_12 bigint not null,
    sessions bigint not null,
    sessions_with_order bigint not null,
    searches bigint not null,
    failed_searches bigint not null,
    constraint clock_hour_pkey primary key (tenant_id, scope, event_date, local_hour)
);

-- The gap tables are summed from their keys alone; that needs them vacuumed soon after a load. The
-- repeat visitors of a range have both days in it: fewer rows have the earlier one in it.
alter table visitor_gap drop constraint visitor_gap_pkey;
alter table visitor_gap add constraint visitor_gap_pkey
primary key (tenant_id, scope, session_date, previous_date) include (visitors);
alter table visitor_gap set (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02
);
alter table repeat_gap drop constraint repeat_gap_pkey;
alter table repeat_gap add constraint repeat_gap_pkey primary key (
    tenant_id, scope, previous_date, session_date, before_previous_date
) include (visitors);
alter table repeat_gap set (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02
);

-- Its arguments and answer change; the deploy makes it anew from sql/functions/.
drop function if exists _hour_marks(uuid, date, date, text[], timestamptz);
