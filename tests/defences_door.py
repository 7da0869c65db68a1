"""The defences at the door, against waiting without end and for quiet logs, for `make defences`."""

from __future__ import annotations

_CHECKS = "tests/test_request_checks.py"
_LOG = "tests/test_log.py"

# Name, file, what is taken out, what stands there instead, the test that notices.
DOOR_DEFENCES = [
    (
        "door: text that cannot be stored",
        "app/http/request_checks.py",
        're.compile("[\\x00\\ud800-\\udfff]")',
        're.compile("[\\x00]")',
        f"{_CHECKS}::test_text_that_cannot_be_stored_is_refused_by_every_route",
    ),
    (
        "door: so many values",
        "app/http/request_checks.py",
        "if count > MOST_FIELDS:",
        "if count < 0:",
        f"{_CHECKS}::test_a_body_is_bounded_before_it_is_judged",
    ),
    (
        "door: the role before the body",
        "app/auth/gate.py",
        "            _check_role()\n",
        "",
        f"{_CHECKS}::test_a_role_is_refused_before_the_body_is_read",
    ),
    (
        "door: a token excuses no page",
        "app/http/security.py",
        "return has_token and not has_session and is_api_request()",
        "return has_token",
        f"{_CHECKS}::test_a_token_excuses_no_page_from_saying_where_it_comes_from",
    ),
    (
        "database: an answer has a time",
        "app/database/watch.py",
        "        if is_limited():\n            timeout",
        "        if False:\n            timeout",
        "tests/faults/test_slow_database.py",
    ),
    (
        "database: who has no place does not wait for long",
        "app/database/watch.py",
        "if self._is_stuck() or time_left() < 1:",
        "if time_left() < 1:",
        "tests/faults/test_slow_database.py",
    ),
    (
        "logs: no values of a failing statement",
        "app/redaction.py",
        "    if not isinstance(error, psycopg.Error):",
        "    if True:",
        f"{_LOG}::test_a_failing_statement_logs_no_value",
    ),
    (
        "sign-in: discovery does not lead inside",
        "app/auth/sign_in/discovery.py",
        "            resolve(parts.hostname, parts.port or 443, known.hosts)",
        "            pass",
        "tests/auth/test_hostile_provider.py::test_a_lying_discovery_starts_nothing",
    ),
]
