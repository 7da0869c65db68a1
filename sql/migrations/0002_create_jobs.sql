-- Background work: the queue of record, its progress, and what was loaded.
create table processing_jobs (
    tenant_id uuid not null,
    job_id uuid not null default gen_random_uuid(),
    parent_job_id uuid,
    kind text not null,
    status text not null default 'queued',
    start_date date,
    end_date date,
    data_types text[] not null default '{}',
    changed_only boolean not null default false,
    started_by text not null,
    attempt integer not null default 0,
    fence bigint not null default 0,
    leased_until timestamptz,
    heartbeat_at timestamptz,
    deadline_at timestamptz,
    available_at timestamptz not null default now(),
    cancel_requested_at timestamptz,
    message text,
    detail text,
    warnings text[] not null default '{}',
    bytes_estimate bigint,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    constraint processing_jobs_pkey primary key (tenant_id, job_id),
    constraint processing_jobs_tenant foreign key (tenant_id) references tenant,
    constraint processing_jobs_status check (status in (
        'queued', 'processing', 'completed', 'completed_with_warnings', 'failed', 'cancelled'
    )),
    constraint processing_jobs_range check (end_date >= start_date)
);
create index processing_jobs_created on processing_jobs (tenant_id, created_at desc, job_id);
create index processing_jobs_parent on processing_jobs (tenant_id, parent_job_id);
create unique index processing_jobs_job_id on processing_jobs (job_id);
create index processing_jobs_open on processing_jobs (available_at)
where status in ('queued', 'processing');

create table job_step (
    tenant_id uuid not null,
    job_id uuid not null,
    step text not null,
    position smallint not null,
    status text not null default 'pending',
    row_count bigint,
    message text,
    updated_at timestamptz not null default now(),
    constraint job_step_pkey primary key (tenant_id, job_id, step),
    constraint job_step_job foreign key (tenant_id, job_id)
    references processing_jobs on delete cascade,
    constraint job_step_status check (status in ('pending', 'running', 'done', 'failed', 'skipped'))
);

create table job_refusal (
    tenant_id uuid not null,
    job_id uuid not null,
    source text not null,
    reason text not null,
    row_count bigint not null,
    samples jsonb not null default '[]',
    constraint job_refusal_pkey primary key (tenant_id, job_id, source, reason),
    constraint job_refusal_job foreign key (tenant_id, job_id)
    references processing_jobs on delete cascade
);

create table load_record (
    tenant_id uuid not null,
    load_id bigint generated always as identity,
    job_id uuid not null,
    start_date date,
    end_date date,
    row_counts jsonb not null default '{}',
    loaded_at timestamptz not null default now(),
    constraint load_record_pkey primary key (tenant_id, load_id)
);
create index load_record_job on load_record (tenant_id, job_id);

-- The watermark of one day and event type: which source it came from and how much.
create table day_load (
    tenant_id uuid not null,
    event_date date not null,
    event_type text not null,
    source_table text,
    source_kind text not null,
    source_modified_at timestamptz,
    row_count bigint not null,
    last_event_ts timestamptz,
    load_id bigint not null,
    loaded_at timestamptz not null default now(),
    constraint day_load_pkey primary key (tenant_id, event_date, event_type),
    constraint day_load_kind check (source_kind in ('daily', 'intraday', 'fresh'))
);

create table file_load (
    tenant_id uuid not null,
    file_type text not null,
    source_name text not null,
    source_modified_at timestamptz,
    row_count bigint not null,
    job_id uuid not null,
    loaded_at timestamptz not null default now(),
    constraint file_load_pkey primary key (tenant_id, file_type),
    constraint file_load_type check (file_type in ('users', 'locations'))
);

-- When each periodic job of the schedulers is due next; belongs to no tenant.
create table periodic_tick (
    tick text not null,
    due_at timestamptz not null,
    constraint periodic_tick_pkey primary key (tick)
);
