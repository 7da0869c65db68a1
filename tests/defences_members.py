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
    ("members: an unbound account's API tokens end", "sql/functions/unbind_membership.sql",
     "    set revoked_at = now()\n", "    set revoked_at = null\n",
     "tests/auth/test_unbind.py::test_an_admin_unbinds_and_the_address_is_claimed_again"),
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
     "if task is None or not _is_visible(task, membership, member):\n"
     '        raise NotFound("There is no such step',
     "if task is None:\n"
     '        raise NotFound("There is no such step',
     "tests/test_routes.py"),
]  # fmt: skip
