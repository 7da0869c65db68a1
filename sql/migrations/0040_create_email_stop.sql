-- Sending that stands still because the tenant's mail server refuses it: why, and until when.
create table email_stop (
    tenant_id uuid not null,
    reason text not null,
    server_code integer,
    server_answer text,
    tries integer not null default 1,
    since timestamptz not null default now(),
    retry_at timestamptz not null,
    constraint email_stop_pkey primary key (tenant_id),
    constraint email_stop_tenant foreign key (tenant_id) references tenant
);
