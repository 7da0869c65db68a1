-- When each section of a tenant's settings was saved and by whom, what the last test of a
-- connection found, and when ingestion starts by itself.
create table setting_save (
    tenant_id uuid not null,
    section text not null,
    version integer not null default 1,
    saved_at timestamptz not null default now(),
    saved_by text not null,
    secret_saved_at timestamptz,
    secret_saved_by text,
    constraint setting_save_pkey primary key (tenant_id, section),
    constraint setting_save_tenant foreign key (tenant_id) references tenant
);

-- `shown_host_key` is what the SFTP server showed last, for an admin to accept.
create table connection_check (
    tenant_id uuid not null,
    section text not null,
    job_id uuid not null,
    is_good boolean,
    message text,
    checked_at timestamptz not null default now(),
    shown_host_key text,
    constraint connection_check_pkey primary key (tenant_id, section),
    constraint connection_check_tenant foreign key (tenant_id) references tenant,
    constraint connection_check_section check (section in ('bigquery', 'sftp', 'smtp'))
);

-- `due_at` null: paused. One row starts once for each due instant, however many schedulers look.
create table ingest_schedule (
    tenant_id uuid not null,
    cron text not null,
    time_zone text not null,
    days_back integer not null default 4,
    is_paused boolean not null default false,
    due_at timestamptz,
    last_started_at timestamptz,
    last_job_id uuid,
    constraint ingest_schedule_pkey primary key (tenant_id),
    constraint ingest_schedule_tenant foreign key (tenant_id) references tenant,
    constraint ingest_schedule_days check (days_back between 1 and 31)
);
create index ingest_schedule_due on ingest_schedule (due_at);

alter table job_step add column took_ms integer;
alter table tenant_config add column retention_months integer not null default 24;
alter table tenant_config add constraint tenant_config_retention
check (retention_months between 24 and 120);

-- Rules under trial: what the last 30 days would be like with them. Counts are objects by task type,
-- {made, open}; null until the job that tries them has ended.
create table rule_trial (
    tenant_id uuid not null,
    job_id uuid not null,
    rules jsonb not null,
    counts_before jsonb,
    counts_after jsonb,
    asked_at timestamptz not null default now(),
    constraint rule_trial_pkey primary key (tenant_id),
    constraint rule_trial_tenant foreign key (tenant_id) references tenant
);
