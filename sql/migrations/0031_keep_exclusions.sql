-- What is excluded is no evidence and ends nothing: `excluded` says for whom a tenant's tasks were
-- derived so, as `hidden` does for the figures.
alter table derivation add column excluded text[] not null default '{}';
