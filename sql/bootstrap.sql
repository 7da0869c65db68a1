-- Roles of the cluster and the rights of the one schema. Run once a database by a superuser
-- (dev/ and the runbook do it); running it again changes nothing. Passwords are set by the
-- deployment: alter role app_web password '…'.
do $$
begin
    if not exists (select from pg_roles where rolname = 'app_owner') then
        create role app_owner nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'app_admin') then
        create role app_admin nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'app_web') then
        create role app_web login;
    end if;
    if not exists (select from pg_roles where rolname = 'app_worker') then
        create role app_worker login;
    end if;
    if not exists (select from pg_roles where rolname = 'app_maint') then
        create role app_maint login;
    end if;
end
$$;

alter role app_owner nosuperuser nocreatedb nocreaterole nobypassrls;
alter role app_admin nosuperuser nocreatedb nocreaterole nobypassrls;
alter role app_web nosuperuser nocreatedb nocreaterole nobypassrls;
alter role app_worker nosuperuser nocreatedb nocreaterole nobypassrls;
alter role app_maint nosuperuser nocreatedb nocreaterole bypassrls;

grant app_owner to app_maint;
grant app_admin to app_web with inherit false, set true;
grant app_admin to app_worker with inherit false, set true;

-- Likeness of search terms. In a schema of its own: public holds nothing that is not ours.
create schema if not exists extension;
create extension if not exists pg_trgm with schema extension;
revoke all on schema extension from public;
grant usage on schema extension to app_owner, app_web, app_worker, app_maint;

alter schema public owner to app_owner;
revoke all on schema public from public;
grant usage on schema public to app_web, app_worker, app_admin, app_maint;

do $$
begin
    execute format('revoke temporary on database %I from public', current_database());
    execute format('grant temporary on database %I to app_worker', current_database());
    -- Whatever the zone of the server, a day of an interval is 24 hours: when a cart expires must
    -- not depend on where the clocks change.
    execute format('alter database %I set timezone = ''UTC''', current_database());
end
$$;
