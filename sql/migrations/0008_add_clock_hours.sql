-- What a chart by hours counts, per hour of the clock: the rows follow from the sessions, searches
-- and the property's zone. previous_hour is the visitor's hour with a page view before, on the
-- same day and in the same scope, or -1: so that visitors are distinct in any run of hours.
create table clock_hour (
    tenant_id uuid not null,
    scope text not null collate "C",
    event_date date not null,
    local_hour smallint not null,
    previous_hour smallint not null,
    visitors bigint not null,
    sessions bigint not null,
    sessions_with_order bigint not null,
    searches bigint not null,
    failed_searches bigint not null,
    constraint clock_hour_pkey primary key (tenant_id, scope, event_date, local_hour, previous_hour)
);

-- The time zone that clock_hour was derived with; another one set since is noticed by it.
create table clock_zone (
    tenant_id uuid not null,
    time_zone text not null,
    constraint clock_zone_pkey primary key (tenant_id)
);

-- Its answer changes; the deploy makes it anew from sql/functions/.
drop function if exists _hour_marks(uuid, date, date, text[], timestamptz);

-- Charts by hours read orders and carts from the index alone.
drop index chain_task;
create index chain_task on chain (tenant_id, task_type, last_date, branch_id)
include (ready_at, last_at, value, currency) where is_task;
drop index shop_order_date;
create index shop_order_date on shop_order (tenant_id, order_date, branch_id)
include (order_ts, currency, revenue);
