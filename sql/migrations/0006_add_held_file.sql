-- Customer files held back until an admin approves exactly that file, and more of the rows a job
-- refused than the samples its page shows.
create table held_file (
    tenant_id uuid not null,
    job_id uuid not null,
    file_type text not null,
    source_name text not null,
    content_hash text not null,
    row_count bigint not null,
    previous_row_count bigint not null,
    approved_by text,
    approved_at timestamptz,
    approval_job_id uuid,
    constraint held_file_pkey primary key (tenant_id, job_id, file_type),
    constraint held_file_job foreign key (tenant_id, job_id)
    references processing_jobs on delete cascade,
    constraint held_file_type check (file_type in ('users', 'locations'))
);
create index held_file_approval on held_file (tenant_id, approval_job_id);

alter table job_refusal add column kept_rows jsonb not null default '[]';
