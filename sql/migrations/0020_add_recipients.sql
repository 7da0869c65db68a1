-- Recipients of reports. Who unsubscribed and whom the mail server refused for good is kept by
-- address, so that it outlives the entries of the list: an import does not bring anybody back.
alter table branch_email_mappings add column updated_at timestamptz not null default now();
alter table branch_email_mappings add constraint branch_email_mappings_email_length
check (length(email) between 3 and 254);
create index branch_email_mappings_email on branch_email_mappings (tenant_id, email);

create table email_suppression (
    tenant_id uuid not null,
    email text not null,
    reason text not null,
    since timestamptz not null default now(),
    constraint email_suppression_pkey primary key (tenant_id, email),
    constraint email_suppression_tenant foreign key (tenant_id) references tenant,
    constraint email_suppression_reason check (reason in ('unsubscribed', 'refused'))
);
