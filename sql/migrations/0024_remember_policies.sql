-- Which policy files were applied, so that a deployment locks no table whose policies did not change.
create table applied_policy (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default clock_timestamp()
);
