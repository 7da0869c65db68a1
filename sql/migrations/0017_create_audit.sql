-- Who did what to what, when, from where and through what. Entries are only ever added: the
-- application's roles may do nothing else, and a trigger refuses the owner too. `subject` names
-- what was acted on, `detail` what it was before and after; neither holds secrets or contacts.
create table audit_entry (
    tenant_id uuid not null,
    entry_id bigint generated always as identity,
    happened_at timestamptz not null default clock_timestamp(),
    member_id uuid,
    member_email text not null,
    action text not null,
    subject text not null default '',
    detail jsonb not null default '{}',
    via text not null,
    address text,
    request_id text,
    constraint audit_entry_pkey primary key (tenant_id, entry_id),
    constraint audit_entry_action check (action ~ '^[a-z_]+[.][a-z_]+$'),
    constraint audit_entry_via check (via in ('page', 'api', 'link', 'job', 'command'))
);
create index audit_entry_time on audit_entry (tenant_id, happened_at, entry_id);
