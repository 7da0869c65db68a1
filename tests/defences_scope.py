"""The defences of scope: without the member's scope in any one query a test goes red."""

from __future__ import annotations

_TOLD = "tests/sql/test_scope.py::test_of_a_customer_of_another_branch_nothing_is_told"
_SHOWN = "_shown_branches(p_tenant_id, p_scope, p_customer_key)"
_SESSION = "_shown_branches(p_tenant_id, p_scope, _session_customer(v_session))"
_VISIT = "_shown_branches(p_tenant_id, p_scope, _session_customer(v_visit))"
_BRANCHES = "_branches_in_scope(p_location_ids, p_scope)"
_SEARCHING = "tests/sql/test_searching.py"

# The query, where its scope stands, the text and what stands there instead.
_QUERIES = [
    ("find_customer", "sql/functions/customers/get_customer.sql", _SHOWN, "null"),
    ("list_people", "sql/functions/customers/get_customer_people.sql", _SHOWN, "null"),
    ("list_devices", "sql/functions/customers/get_customer_devices.sql", _SHOWN, "null"),
    ("list_products", "sql/functions/customers/get_customer_products.sql", _SHOWN, "null"),
    (
        "get_user_history",
        "sql/functions/customers/get_user_history.sql",
        "_shown_branches(p_tenant_id, p_scope, v_key)",
        "null",
    ),
    ("find_session", "sql/functions/customers/get_session.sql", _SESSION, "null"),
    ("get_session_history", "sql/functions/customers/get_session_history.sql", _SESSION, "null"),
    ("find_order_visit", "sql/functions/customers/get_order_visit.sql", _VISIT, "null"),
    (
        "get_customer_summaries",
        "sql/functions/customers/get_customer_summaries.sql",
        "_whole_customers(p_tenant_id, p_scope, p_customer_keys)",
        "p_customer_keys",
    ),
    (
        "find_task",
        "sql/functions/tasks/get_tasks.sql",
        "                and (t.branch_id = any($7) or t.customer_key = any($8))\n",
        "",
    ),
    ("get_purchase_tasks", "sql/functions/tasks/_list_tasks.sql", _BRANCHES, "p_location_ids"),
    ("list_orders", "sql/functions/figures/list_orders.sql", _BRANCHES, "p_location_ids"),
    ("list_sessions", "sql/functions/figures/list_sessions.sql", _BRANCHES, "p_location_ids"),
    ("get_task_queue", "sql/functions/tasks/get_task_queue.sql", _BRANCHES, "p_location_ids"),
    (
        "list_customers",
        "sql/functions/customers/list_customers.sql",
        "v_branches is null or c.customer_key = any(v_whole) as is_whole",
        "true as is_whole",
    ),
    (
        "list_contacts",
        "app/tasks/contacts.py",
        "_whole_customers(:t, cast(:scope as member_scope), cast(:keys as text []))",
        "cast(:keys as text [])",
    ),
    (
        "list_order_lines",
        "app/tasks/lists/context.py",
        "            and (s.branches is null or o.branch_id = any(s.branches))\n",
        "",
    ),
    (
        "list_earlier_orders",
        "app/tasks/lists/context.py",
        "            and (s.branches is null or t.branch_id = any(s.branches))\n",
        "",
    ),
    (
        "list_exclusions",
        "app/customers/exclusions.py",
        "        and _is_exclusion_in_scope(:t, cast(:scope as member_scope), x.kind, x.value)\n",
        "",
    ),
]
SCOPE_DEFENCES = [
    *((f"scope: {name}", file, old, new, f"{_TOLD}[{name}]") for name, file, old, new in _QUERIES),
    (
        "scope: the counts of a list",
        "sql/functions/tasks/_count_tasks.sql",
        _BRANCHES,
        "p_location_ids",
        _SEARCHING,
    ),
    (
        "scope: the counts of the queue",
        "sql/functions/tasks/get_queue_counts.sql",
        _BRANCHES,
        "p_location_ids",
        "tests/sql/test_scope.py::test_who_sleeps_elsewhere_is_not_counted",
    ),
    (
        "scope: people of another branch are not searched",
        "sql/functions/tasks/_search_of.sql",
        "else 'row'",
        "else 'all'",
        _SEARCHING,
    ),
    (
        "scope: nor are those of a customer in part",
        "sql/functions/customers/list_customers.sql",
        "when w.is_whole and not v_is_masked then c.words",
        "when not v_is_masked then c.words",
        _SEARCHING,
    ),
    (
        "masked: not found in lists of tasks",
        "sql/functions/tasks/_search_of.sql",
        "(p_scope).is_masked is distinct from false",
        "false",
        _SEARCHING,
    ),
    (
        "masked: not found among customers",
        "sql/functions/customers/list_customers.sql",
        "when w.is_whole and not v_is_masked then c.words",
        "when w.is_whole then c.words",
        _SEARCHING,
    ),
    (
        "masked: in no order of tasks",
        "sql/functions/tasks/_list_tasks.sql",
        "not coalesce((p_scope).is_masked, true)",
        "true",
        _SEARCHING,
    ),
    (
        "masked: in no order of customers",
        "sql/functions/customers/list_customers.sql",
        "case when not v_is_masked or not w.is_person then c.name end",
        "c.name",
        _SEARCHING,
    ),
    (
        "owner: nobody hands out more than they see",
        "sql/functions/access/_assigned_owners.sql",
        "and not exists (select from refused as r where r.customer_key = g.customer_key)",
        "",
        "tests/sql/test_owners.py",
    ),
    (
        "owner: a viewer owns nothing",
        "sql/functions/access/_customer_owners.sql",
        "and w.is_active and w.role <> 'viewer'",
        "and w.is_active",
        "tests/sql/test_owners.py",
    ),
    (
        "owner: a web event moves no customer of the file",
        "sql/functions/derive/_store_accounts.sql",
        "coalesce(nullif(o.branch_id, ''), f.branch_id, s.branch_id, '')",
        "coalesce(nullif(o.branch_id, ''), s.branch_id, f.branch_id, '')",
        "tests/sql/test_owners.py",
    ),
    (
        "board: counts what the queue shows",
        "sql/functions/tasks/get_team_board.sql",
        "p_tenant_id, p_scope, p_start_date, p_end_date, null, p_now",
        "p_tenant_id, (null, null, false)::member_scope, p_start_date, p_end_date, null, p_now",
        "tests/sql/test_owners.py",
    ),
    (
        "board: credits no order of another branch",
        "sql/functions/tasks/get_recovered_revenue.sql",
        "            and (p_location_ids is null or o.branch_id = any(p_location_ids))\n",
        "",
        "tests/sql/test_get_recovered_revenue.py",
    ),
    (
        "masked: a person's key is sealed",
        "app/http/keys.py",
        'if membership is None or membership.role != "viewer" or not _names_a_person(key):',
        "if True:",
        "tests/test_sealed_keys.py",
    ),
    (
        "masked: a viewer does not ask by an open key",
        "app/http/keys.py",
        'is_fit = membership.role != "viewer" or not _names_a_person(key)',
        "is_fit = True",
        "tests/test_sealed_keys.py",
    ),
    (
        "masked: a seal is of one tenant",
        "app/http/keys.py",
        "is_fit = key.tenant_id == str(membership.tenant.tenant_id)",
        "is_fit = True",
        "tests/test_sealed_keys.py",
    ),
    (
        "exclusions: only of customers that are seen whole",
        "app/customers/exclusions.py",
        "    _check_scope(conn, tenant_id, scope, kind, value)\n",
        "",
        "tests/test_branch_routes.py::test_only_customers_that_are_seen_whole_are_excluded",
    ),
    (
        "customers: nobody changes one of whom they see a part",
        "app/customers/do_not_contact.py",
        "    if not customer.is_whole:\n        raise Forbidden(",
        "    if False:\n        raise Forbidden(",
        "tests/test_branch_routes.py::test_a_write_changes_nothing_of_another_branch",
    ),
    (
        "catalogue: a function that returns customers takes the scope",
        "sql/functions/customers/get_customer_summaries.sql",
        "p_tenant_id uuid, p_scope member_scope, p_customer_keys text[],",
        "p_tenant_id uuid, p_customer_keys text[], p_scope member_scope default null,",
        "tests/sql/test_catalogue.py",
    ),
]
