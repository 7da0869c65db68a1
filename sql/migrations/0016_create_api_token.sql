-- Personal API tokens. Only the SHA-256 of a token is kept; `token_start` is how its owner knows it.
-- A token acts as the member who made it.
create table api_token (
    tenant_id uuid not null,
    api_token_id uuid not null default gen_random_uuid(),
    created_by uuid not null,
    name text not null,
    token_start text not null,
    token_hash bytea not null,
    scopes text[] not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    revoked_by uuid,
    constraint api_token_pkey primary key (tenant_id, api_token_id),
    constraint api_token_hash_key unique (tenant_id, token_hash),
    constraint api_token_tenant foreign key (tenant_id) references tenant,
    constraint api_token_created_by foreign key (created_by) references member,
    constraint api_token_revoked_by foreign key (revoked_by) references member,
    constraint api_token_hash_length check (length(token_hash) = 32),
    constraint api_token_name_length check (length(name) between 1 and 80),
    constraint api_token_scopes_known check (
        cardinality(scopes) > 0 and scopes <@ array['read', 'work', 'ingest', 'admin']
    ),
    constraint api_token_lifetime check (
        expires_at > created_at and expires_at <= created_at + interval '367 days'
    )
);
create index api_token_owner on api_token (tenant_id, created_by, created_at desc);
