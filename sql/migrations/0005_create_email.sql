-- Emailed reports: who gets which branch, what was sent, and what became of each message.
create table branch_email_mappings (
    tenant_id uuid not null,
    mapping_id uuid not null default gen_random_uuid(),
    branch_id text not null,
    name text not null default '',
    email text not null,
    is_enabled boolean not null default true,
    created_at timestamptz not null default now(),
    constraint branch_email_mappings_pkey primary key (tenant_id, mapping_id),
    constraint branch_email_mappings_key unique (tenant_id, branch_id, email)
);

create table email_sending_jobs (
    tenant_id uuid not null,
    job_id uuid not null,
    period_start date not null,
    period_end date not null,
    created_at timestamptz not null default now(),
    constraint email_sending_jobs_pkey primary key (tenant_id, job_id)
);

create table email_send_history (
    tenant_id uuid not null,
    message_id uuid not null default gen_random_uuid(),
    job_id uuid not null,
    recipient text not null,
    branch_id text not null,
    status text not null,
    subject text not null,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    constraint email_send_history_pkey primary key (tenant_id, message_id)
);
create index email_send_history_created on email_send_history (tenant_id, created_at desc);
