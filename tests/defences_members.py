"""The defences of members, the audit log and the matrix, for `make defences`."""

from __future__ import annotations

_LAST = "tests/auth/test_last_admin.py"
_DOORS, _OMITTED = "tests/tasks/test_step_doors.py", "tests/test_omissions.py"

# Name, file, what is taken out, what stands there instead, the test that notices.
MEMBERS_DEFENCES = [
    (
        "members: changes of admins wait for each other",
        "app/auth/members/queries.py",
        "    order by m.membership_id\n    for update\n",
        "    order by m.membership_id\n",
        _LAST,
    ),
    (
        "members: the last active admin stays",
        "app/auth/members/queries.py",
        "if list(admins) == [old.membership_id]:",
        "if not admins:",
        "tests/auth/test_members.py::test_the_last_admin_stays",
    ),
    (
        "members: an unbound account's API tokens end",
        "sql/functions/access/unbind_membership.sql",
        "    set revoked_at = now()\n",
        "    set revoked_at = null\n",
        "tests/auth/test_unbind.py::test_an_admin_unbinds_and_the_address_is_claimed_again",
    ),
    (
        "audit: the owner cannot change an entry either",
        "sql/functions/access/_keep_audit.sql",
        "before update or delete or truncate",
        "before truncate",
        "tests/sql/test_audit_entry.py::test_nobody_changes_or_removes_an_entry",
    ),
    (
        "audit: secrets are refused by name",
        "app/audit.py",
        "next(filter(_SECRET.search, _names(detail)), None)",
        '""',
        "tests/sql/test_audit_entry.py::test_secrets_are_refused_by_name",
    ),
    (
        "audit: who exports is written down",
        "app/tasks/lists/views.py",
        '    record_export("tasks", list_name, kind)\n',
        "",
        "tests/auth/test_audit_deeds.py",
    ),
    (
        "tasks: a step of another branch is as absent as none",
        "app/tasks/lists/task_page.py",
        "find_task(conn, tenant_id, membership.scope, task_id)",
        "find_task(conn, tenant_id, type(membership.scope)(None), task_id)",
        "tests/test_routes.py",
    ),
    (
        "members: no branches by omission",
        "app/auth/members/forms.py",
        'form.get("scope", "")',
        'form.get("scope", "all")',
        _OMITTED,
    ),
    (
        "schedules: no pause ends by omission",
        "app/settings/schedule/form.py",
        "if self.is_paused.raw_data else None",
        "if self.is_paused else None",
        _OMITTED,
    ),
    (
        "steps: nobody gets a task who does not work here",
        "app/tasks/steps/rules.py",
        "    if change.owner not in {person.email",
        "    if not {person.email",
        _DOORS,
    ),
    (
        "steps: a note has an end",
        "app/tasks/steps/rules.py",
        "    if len(note) > LONGEST_NOTE:\n",
        "    if not note and asked:\n",
        _DOORS,
    ),
    (
        "steps: a snooze has an end",
        "app/tasks/steps/rules.py",
        "    if day > clock.today + timedelta(days=MOST_DAYS):\n",
        "    if not day:\n",
        _DOORS,
    ),
    (
        "steps: what is not seen is not changed",
        "app/tasks/steps/rules.py",
        "find_task(conn, tenant_id, scope, task_id)",
        "find_task(conn, tenant_id, Scope(None), task_id)",
        _DOORS,
    ),
    (
        "steps: text that no database keeps is refused",
        "app/tasks/steps/rules.py",
        '    if "\\x00" in said or any(',
        "    if any(",
        _DOORS,
    ),
    (
        "steps: a form takes one step",
        "app/tasks/steps/change.py",
        "    if taken is not None:\n        return taken\n",
        "",
        "tests/tasks/test_nonces.py",
    ),
    (
        "exports: they stop for who lost access",
        "app/http/exports.py",
        "            _check(membership, member_id)\n",
        "",
        "tests/test_exports.py",
    ),
]
