-- What is excluded is no evidence and ends nothing: `excluded` says for whom a tenant's tasks were
-- derived so, as `hidden` does for the figures.
alter table derivation add column excluded text[] not null default '{}';
-- What is loaded is a set of spans now, not one instant: a cart before a gap is not judged.
drop function if exists _loaded_until(uuid);
drop function if exists _branch_sums(uuid, date, date, timestamptz);
