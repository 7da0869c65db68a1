-- Excluded customers leave the figures where the tenant's rule exclude_from_figures says so: their
-- sessions are no visitor's, their orders and refunds are marked, their searches and carts are no
-- evidence. `hidden` says for whom a tenant's rows were derived so.
alter table session alter column visitor_id drop not null;
alter table shop_order add column is_excluded boolean not null default false;
alter table refund add column is_excluded boolean not null default false;
alter table derivation add column hidden text[] not null default '{}';
