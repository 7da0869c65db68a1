"""The defences of members, the audit log and the matrix, for `make defences`."""

from __future__ import annotations

_LAST = "tests/auth/test_last_admin.py"

# Name, file, what is taken out, what stands there instead, the test that notices.
MEMBERS_DEFENCES = [
    ("members: changes of admins wait for each other", "app/auth/members_queries.py",
     "    order by m.membership_id\n    for update\n", "    order by m.membership_id\n", _LAST),
    ("members: the last active admin stays", "app/auth/members_queries.py",
     "if list(admins) == [old.membership_id]:", "if not admins:",
     "tests/auth/test_members.py::test_the_last_admin_stays"),
    ("audit: the owner cannot change an entry either", "sql/functions/_keep_audit.sql",
     "before update or delete or truncate", "before truncate",
     "tests/sql/test_audit_entry.py::test_nobody_changes_or_removes_an_entry"),
    ("audit: secrets are refused by name", "app/audit.py",
     "next(filter(_SECRET.search, _names(detail)), None)", '""',
     "tests/sql/test_audit_entry.py::test_secrets_are_refused_by_name"),
    ("audit: who exports is written down", "app/tasks/views.py",
     '    record_export("tasks", list_name, kind)\n', "",
     "tests/auth/test_audit_deeds.py"),
    ("tasks: a step of another branch is as absent as none", "app/tasks/opened.py",
     "find_task(conn, tenant_id, membership.scope, task_id)",
     "find_task(conn, tenant_id, type(membership.scope)(None), task_id)",
     "tests/test_routes.py"),
]  # fmt: skip
