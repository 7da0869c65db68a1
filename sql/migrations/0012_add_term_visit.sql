-- What a session searched for, derived like its facts: one row per session, term, day, branch and
-- customer, so that a table of terms is one pass over narrow rows. term_key is the term's hash: a
-- term may be longer than an index bears.
create table term_visit (
    tenant_id uuid not null,
    session_key bigint not null,
    session_id text not null,
    position integer not null,
    event_date date not null,
    branch_id text not null,
    term text not null,
    term_key bigint not null,
    customer_key text not null collate "C",
    found integer not null,
    failed integer not null,
    is_first boolean not null,
    is_first_failed boolean not null,
    is_converted boolean not null,
    last_at timestamptz not null,
    constraint term_visit_pkey primary key (tenant_id, session_key, session_id, position)
);
create index term_visit_date on term_visit (tenant_id, event_date);
create index term_visit_term on term_visit (tenant_id, term_key, event_date);

-- The next load of each tenant derives everything anew, and these rows with it.
truncate derivation;
