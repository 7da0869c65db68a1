-- Who uses the system: tenants, their settings, and the members who sign in.
create table tenant (
    tenant_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    is_suspended boolean not null default false,
    created_at timestamptz not null default now(),
    constraint tenant_pkey primary key (tenant_id),
    constraint tenant_slug_form check (slug ~ '^[a-z][a-z0-9-]{1,40}$')
);
create unique index tenant_slug_key on tenant (slug);

create table tenant_config (
    tenant_id uuid not null,
    bigquery jsonb not null default '{}',
    bigquery_credentials bytea,
    sftp jsonb not null default '{}',
    sftp_credentials bytea,
    smtp jsonb not null default '{}',
    smtp_credentials bytea,
    reporting_currency text not null default 'USD',
    property_time_zone text not null default 'UTC',
    time_zone text not null default 'UTC',
    locale text not null default 'en-US',
    contact_property text not null default 'WebUserId',
    company_property text not null default 'WebCustomerId',
    branch_property text not null default 'default_branch_id',
    rules jsonb not null default '{}',
    updated_at timestamptz not null default now(),
    updated_by text,
    constraint tenant_config_pkey primary key (tenant_id),
    constraint tenant_config_tenant foreign key (tenant_id) references tenant,
    constraint tenant_config_currency check (reporting_currency ~ '^[A-Z]{3}$')
);

create table member (
    member_id uuid not null default gen_random_uuid(),
    issuer text not null,
    subject text not null,
    email text not null,
    name text not null default '',
    created_at timestamptz not null default now(),
    last_seen_at timestamptz,
    constraint member_pkey primary key (member_id),
    constraint member_identity_key unique (issuer, subject)
);

-- A membership is an invitation by address until its member signs in for the first time.
create table membership (
    tenant_id uuid not null,
    membership_id uuid not null default gen_random_uuid(),
    member_id uuid,
    email text not null,
    name text not null default '',
    role text not null,
    location_ids text[],
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    accepted_at timestamptz,
    constraint membership_pkey primary key (tenant_id, membership_id),
    constraint membership_email_key unique (tenant_id, email),
    constraint membership_tenant foreign key (tenant_id) references tenant,
    constraint membership_member foreign key (member_id) references member,
    constraint membership_role check (role in ('admin', 'manager', 'rep', 'viewer')),
    constraint membership_email_form check (email = lower(email))
);
create index membership_member_id on membership (member_id);
create index membership_email on membership (email);
