-- Ticks belong to no tenant: only schedulers, as app_admin, see them.
alter table periodic_tick enable row level security;
alter table periodic_tick force row level security;
drop policy if exists scheduler on periodic_tick;
create policy scheduler on periodic_tick to app_admin using (true);
grant select, insert, update on periodic_tick to app_admin;
