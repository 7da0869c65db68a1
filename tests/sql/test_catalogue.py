"""The database as it stands obeys the rules of tenancy, whoever adds a table next."""

from __future__ import annotations

import psycopg
import pytest

Connection = psycopg.Connection[tuple[object, ...]]

# What belongs to no tenant: people who sign in, the clock of periodic jobs, and the migration
# tool's own bookkeeping.
WITHOUT_TENANT = {"member", "periodic_tick"}
MIGRATION_TABLES = {
    "_yoyo_log",
    "_yoyo_migration",
    "_yoyo_version",
    "yoyo_lock",
    "applied_policy",
}
# Indexes that do not lead with the tenant, each with its reason.
OTHER_INDEXES = {
    "member_pkey",
    "member_identity_key",  # members belong to no tenant
    "membership_member_id",
    "membership_email",  # sign-in looks for a member's tenants
    "periodic_tick_pkey",
    "applied_policy_pkey",
    "tenant_slug_key",  # a tenant's own name
    "ingest_schedule_due",
    "email_schedule_due",  # the scheduler, across tenants
    "processing_jobs_job_id",
    "processing_jobs_open",  # the queue, across tenants
}
CROSS_TENANT_POLICIES = {
    ("connection_check", "metrics"),
    ("day_load", "metrics"),
    ("email_schedule", "scheduler"),
    ("email_send_history", "scheduler"),
    ("ingest_schedule", "scheduler"),
    ("member", "member_directory"),
    ("membership", "member_directory"),
    ("periodic_tick", "scheduler"),
    ("processing_jobs", "job_queue"),
    ("tenant", "tenant_directory"),
}
# Lists that figures lead to: they select by branch alone, and name nobody beyond a row. The mail's
# two functions answer ids of tasks, which get_tasks reads with the scope of each recipient.
BY_BRANCH = {"get_page_sessions", "get_term_customers", "list_odd_rows"}
FENCE = "tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true),"


def rows(connection: Connection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(query).fetchall()


def names(connection: Connection, query: str) -> set[object]:
    return {row[0] for row in rows(connection, query)}


def test_every_table_and_partition_has_row_security_enabled_and_forced(
    superuser: Connection,
) -> None:
    open_tables = names(
        superuser,
        """
        select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
            and not (relrowsecurity and relforcerowsecurity)
        """,
    )
    assert open_tables == MIGRATION_TABLES


def test_every_table_is_owned_by_the_owner_who_cannot_sign_in(superuser: Connection) -> None:
    owners = names(
        superuser,
        """
        select distinct r.rolname from pg_class as c inner join pg_roles as r on r.oid = c.relowner
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
        """,
    )
    assert owners == {"app_owner"}
    assert rows(superuser, "select rolcanlogin from pg_roles where rolname = 'app_owner'") == [
        (False,)
    ]


def test_every_table_leads_with_the_tenant(superuser: Connection) -> None:
    without = names(
        superuser,
        """
        select c.relname from pg_class as c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            and not exists (
                select from pg_attribute as a
                where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnotnull
                    and a.atttypid = 'uuid'::regtype
            )
        """,
    )
    assert without == MIGRATION_TABLES | WITHOUT_TENANT


def test_every_index_leads_with_the_tenant(superuser: Connection) -> None:
    others = names(
        superuser,
        """
        select i.relname
        from pg_index as x
        inner join pg_class as i on i.oid = x.indexrelid
        inner join pg_class as t on t.oid = x.indrelid
        left join pg_attribute as a on a.attrelid = t.oid and a.attnum = x.indkey[0]
        where t.relnamespace = 'public'::regnamespace and t.relname not like '%yoyo%'
            and a.attname is distinct from 'tenant_id'
        """,
    )
    assert others == OTHER_INDEXES


def test_every_policy_is_the_fence_or_a_listed_exception_for_app_admin(
    superuser: Connection,
) -> None:
    policies = rows(
        superuser, "select tablename, policyname, roles::text, qual from pg_policies order by 1, 2"
    )
    others = {(row[0], row[1]): row for row in policies if not str(row[3]).startswith(f"({FENCE}")}
    assert set(others) == CROSS_TENANT_POLICIES
    assert {row[2] for row in others.values()} == {"{app_admin}"}


def test_every_parent_table_has_the_fence(superuser: Connection) -> None:
    unfenced = names(
        superuser,
        """
        select c.relname from pg_class as c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            and not c.relispartition
            and not exists (
                select from pg_policy as p where p.polrelid = c.oid and p.polname = 'tenant_fence'
            )
        """,
    )
    assert unfenced == MIGRATION_TABLES | WITHOUT_TENANT


def test_partitions_are_reached_through_their_parents_alone(superuser: Connection) -> None:
    granted = names(
        superuser,
        """
        select c.relname
        from pg_class as c
        cross join unnest(array['app_web', 'app_worker', 'app_admin']) as r (role)
        where c.relispartition and has_table_privilege(r.role, c.oid, 'select,insert,update,delete')
        """,
    )
    assert granted == set()


@pytest.mark.parametrize("role", ["app_web", "app_worker", "app_admin"])
def test_roles_of_the_application_own_nothing_and_bypass_nothing(
    superuser: Connection, role: str
) -> None:
    found = superuser.execute(
        """
        select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication,
            has_schema_privilege(rolname, 'public', 'create'),
            exists (select from pg_class where relowner = pg_roles.oid),
            exists (
                select from pg_class as c
                where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
                    and has_table_privilege(rolname, c.oid, 'truncate')
            )
        from pg_roles where rolname = %s
        """,
        (role,),
    ).fetchone()
    assert found == (False,) * 8


def test_no_view_escapes_and_no_function_runs_as_its_owner(superuser: Connection) -> None:
    assert (
        names(
            superuser,
            """
        select relname from pg_class
        where relnamespace = 'public'::regnamespace and (
            relkind = 'm' or (
                relkind = 'v'
                and not coalesce(reloptions::text like '%security_invoker=true%', false)
            )
        )
        """,
        )
        == set()
    )
    assert (
        names(
            superuser,
            """
        select proname from pg_proc
        where pronamespace = 'public'::regnamespace and prosecdef
        """,
        )
        == set()
    )


def test_every_figure_function_takes_the_tenant_first(superuser: Connection) -> None:
    others = names(
        superuser,
        """
        select proname from pg_proc
        where pronamespace = 'public'::regnamespace and proname like 'get\\_%'
            and (proargnames[1] is distinct from 'p_tenant_id' or proargtypes[0] <> 'uuid'::regtype)
        """,
    )
    assert others == set()


def test_whoever_is_told_customers_or_orders_says_what_may_be_seen(superuser: Connection) -> None:
    """A function that answers them takes the member's scope, and no default stands for it."""
    unscoped = names(
        superuser,
        """
        select p.proname
        from pg_proc as p
        where
            p.pronamespace = 'public'::regnamespace
            and p.proname ~ '^(get|list|find|count)_'
            and (
                p.prorettype = 'listed_task'::regtype
                or exists (
                    select
                    from unnest(p.proargnames, p.proargmodes) as a (name, mode)
                    where
                        a.mode in ('t', 'o') and a.name ~
                        '^(customer_|contact_|company_|order_key|transaction_id|task_id|phone$)'
                )
            )
            and not (
                p.proargnames[2] = 'p_scope' and p.proargtypes[1] = 'member_scope'::regtype
                and p.pronargs - p.pronargdefaults >= 2
            )
        """,
    )
    assert unscoped == BY_BRANCH | {"list_report_tasks", "list_told_tasks"}
    without_branches = names(
        superuser,
        """
        select p.proname from pg_proc as p
        where not 'p_location_ids' = any(p.proargnames[1 : p.pronargs - p.pronargdefaults])
        """,
    )
    assert not BY_BRANCH & without_branches, "no default stands for every branch"


def test_the_specification_s_tables_exist(superuser: Connection) -> None:
    specified = {
        "purchase",
        "add_to_cart",
        "page_view",
        "view_item",
        "view_search_results",
        "no_search_results",
        "users",
        "locations",
        "tenant_config",
        "branch_email_mappings",
        "email_sending_jobs",
        "email_send_history",
        "processing_jobs",
    }
    found = names(
        superuser,
        "select relname from pg_class where relnamespace = 'public'::regnamespace",
    )
    assert specified <= found
