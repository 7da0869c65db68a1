-- What members write down about a customer. Notes are only ever added, and found under the key they
-- were written under: a company, a contact or a device.
create table customer_note (
    tenant_id uuid not null,
    note_id uuid not null default gen_random_uuid(),
    customer_key text not null,
    body text not null,
    created_at timestamptz not null default now(),
    created_by text not null,
    constraint customer_note_pkey primary key (tenant_id, note_id),
    constraint customer_note_tenant foreign key (tenant_id) references tenant,
    constraint customer_note_length check (length(body) between 1 and 2000)
);
create index customer_note_customer on customer_note (tenant_id, customer_key, created_at desc);
