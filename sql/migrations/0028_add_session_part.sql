-- One row for each session and day table, aggregated by the source over the events of every kind.
-- Its columns before last_ts are those of the event tables; event_ts is the first instant.
create table session_part (
    tenant_id uuid not null,
    event_date date not null,
    event_ts timestamptz not null,
    event_name text not null,
    user_pseudo_id text,
    ga_session_id bigint,
    user_id text,
    company_id text,
    branch_id text,
    is_engaged boolean,
    batch_page_id bigint,
    batch_ordering_id integer,
    batch_event_index integer,
    page_url text,
    source_table text not null,
    last_ts timestamptz not null,
    engagement_ms bigint,
    page_views integer not null,
    source text,
    medium text,
    campaign text,
    device_category text,
    country text,
    copies integer not null default 1,
    raw_ids jsonb,
    load_id bigint not null,
    session_id text generated always as (user_pseudo_id || '.' || ga_session_id) stored,
    session_key bigint generated always as (
        hashtextextended(user_pseudo_id, ga_session_id)
    ) stored
) partition by range (event_date);

create index session_part_event_date on session_part (tenant_id, event_date, branch_id);
create index session_part_session_key on session_part (tenant_id, session_key);

alter table session
add column campaign text,
add column engagement_ms bigint;
