-- Members belong to no tenant: only sign-in, as app_admin, sees them.
alter table member enable row level security;
alter table member force row level security;
drop policy if exists member_directory on member;
create policy member_directory on member to app_admin using (true);
grant select, insert, update on member to app_admin;
