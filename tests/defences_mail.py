"""The defences of email, for `make defences`."""

from __future__ import annotations

_SENDING = "tests/email/test_sending.py::test_one_fault_at_one_step"
_LINKS = "tests/email/test_links.py"
_REFUSALS = "tests/email/test_refusals.py"
_REPORTS = "tests/email/test_reports.py"
_SCOPE = "tests/email/test_recipient_scope.py"
_MEMBERS = "tests/email/test_member_recipients.py"

# Name, file, what is taken out, what stands there instead, the test that notices.
MAIL_DEFENCES = [
    (
        "mail: what may have left is never sent again",
        "app/smtp.py",
        "        except (smtplib.SMTPException, OSError) as error:\n"
        "            raise Unanswered from error\n",
        "        except (smtplib.SMTPException, OSError) as error:\n"
        '            raise Upstream("lost") from error\n',
        _SENDING,
    ),
    (
        "mail: a greeting that refuses is a refusal",
        "app/smtp.py",
        "    if answer[0] != code:\n",
        "    if not code:\n",
        _SENDING,
    ),
    (
        "mail: off in a copy of the database",
        "sql/functions/email/_is_sending_confirmed.sql",
        "            and s.database_oid = d.oid::bigint\n",
        "",
        f"{_REPORTS}::test_sending_is_off_until_somebody_confirms",
    ),
    (
        "mail: who may get it is asked again when it goes",
        "app/email/sending/delivery.py",
        "reason = message and find_obstacle(conn, self._tenant_id, message)",
        "reason = None",
        f"{_REPORTS}::test_whether_it_may_go_is_asked_again_when_it_goes",
    ),
    (
        "mail: a moved message keeps the protocol",
        "sql/functions/email/_keep_message.sql",
        "'failed>planned', 'unknown>sent', 'unknown>planned'",
        "'failed>planned', 'unknown>sent', 'unknown>planned', 'sent>planned'",
        "tests/sql/test_email_ledger.py",
    ),
    (
        "mail: tokens are not stored with what was written",
        "app/email/sending/outbox.py",
        "links.report.token_hash",
        "links.report.secret",
        _LINKS,
    ),
    (
        "mail: lines a server takes",
        "app/email/message/mime.py",
        "_CHARSET.body_encoding = QP",
        "_CHARSET.body_encoding = None",
        f"{_REPORTS}::test_the_mail_itself",
    ),
    (
        "mail: nothing is left to make a link of",
        "app/email/message/render.py",
        'return _LINKLIKE.sub(lambda found: f"{found[0]}{_NON_JOINER}", said)',
        "return said",
        "tests/email/test_mail_html.py",
    ),
    (
        "mail: whatever is typed, it stays small",
        "app/email/message/render.py",
        "    if len(said) > most:\n",
        "    if not most:\n",
        "tests/email/test_mail_html.py",
    ),
    (
        "link: a form is good once",
        "app/email/links/queries.py",
        "    if conn.execute(_USE, values).rowcount != 1:\n",
        "    if conn.execute(_USE, values).rowcount > 1:\n",
        f"{_LINKS}::test_a_form_is_good_once",
    ),
    (
        "link: a nonce is of this link",
        "app/email/links/views.py",
        "    if token_hash != link.token_hash.hex():\n",
        "    if token_hash == 0:\n",
        f"{_LINKS}::test_a_wrong_form_changes_nothing",
    ),
    (
        "link: what the report did not tell is not there",
        "app/email/links/views.py",
        "    if card is None:\n        raise NotFound\n",
        "",
        f"{_LINKS}::test_a_task_that_the_report_did_not_tell_of_is_not_there",
    ),
    (
        "link: who no longer gets the report is out",
        "app/email/links/queries.py",
        "                m.tenant_id = h.tenant_id and m.email = h.recipient and m.is_enabled\n",
        "                m.tenant_id = h.tenant_id and m.email = h.recipient\n",
        f"{_LINKS}::test_who_no_longer_gets_the_report_no_longer_sees_it",
    ),
    (
        "link: one purpose",
        "app/email/links/views.py",
        "    if link is None or purpose not in (None, link.purpose):\n",
        "    if link is None:\n",
        f"{_LINKS}::test_a_token_is_good_for_one_purpose",
    ),
    (
        "mail: the server's fault is not the address's",
        "app/email/sending/delivery.py",
        'if verdict.fault == "server":',
        "if verdict.fault == 0:",
        f"{_REFUSALS}::test_what_an_answer_does",
    ),
    (
        "mail: the same words to all are the server's",
        "app/email/sending/delivery.py",
        "if len(alike) < stops.ALIKE:",
        "if alike is not None:",
        f"{_REFUSALS}::test_the_same_words_to_one_after_the_other_are_the_server_s",
    ),
    (
        "mail: while it is stopped nothing is tried",
        "app/email/sending/jobs.py",
        "if is_on and not is_paused:",
        "if is_on:",
        f"{_REFUSALS}::test_nothing_is_tried_while_a_stop_lasts_and_new_settings_end_it",
    ),
    (
        "mail: new settings are tried at once",
        "sql/functions/email/_resume_mail.sql",
        "old.smtp is distinct from new.smtp\n",
        "false\n",
        f"{_REFUSALS}::test_nothing_is_tried_while_a_stop_lasts_and_new_settings_end_it",
    ),
    (
        "schedule: one run a local day",
        "app/email/schedule/start.py",
        "    if conn.execute(_HAS_RUN, values).scalar_one():\n        return None\n",
        "",
        "tests/email/test_schedule.py::test_two_runs_on_one_local_day_are_one",
    ),
    (
        "schedule: too late is left out",
        "app/email/schedule/start.py",
        "    if now - last > LATE_AFTER:\n",
        "    if now == last:\n",
        "tests/email/test_schedule.py::test_what_is_twelve_hours_late_is_left_out_and_said",
    ),
    (
        "recipients: of the manager's branches alone",
        "app/email/recipients/rules.py",
        "    if not scope.allows(entry.branch_id):\n",
        "    if not entry.branch_id:\n",
        _SCOPE,
    ),
    (
        "recipients: a member may see the branch",
        "app/email/recipients/rules.py",
        "    if not may_receive:\n",
        "    if not entry.email:\n",
        _SCOPE,
    ),
    (
        "recipients: an outside address is confirmed",
        "app/email/recipients/rules.py",
        "    if verdict.is_outside and is_new and not is_confirmed:\n",
        "    if not verdict and is_new and not is_confirmed:\n",
        _SCOPE,
    ),
    (
        "recipients: an imported outside address is confirmed",
        "app/email/recipients/changes.py",
        "    if outside and not is_confirmed:\n",
        "    if not rows and not is_confirmed:\n",
        _SCOPE,
    ),
    (
        "recipients: what is changed is in scope",
        "app/email/recipients/queries.py",
        "m.tenant_id = :t and (cast(:scope as text []) is null or m.branch_id = any(:scope))\n",
        "m.tenant_id = :t\n",
        _SCOPE,
    ),
    (
        "recipients: what is deleted is in scope",
        "app/email/recipients/queries.py",
        "            and (cast(:scope as text []) is null or branch_id = any(:scope))\n",
        "",
        _SCOPE,
    ),
    (
        "schedule: of every branch, by who sees every branch",
        "app/email/schedule/queries.py",
        "    if not may_schedule(scope):\n",
        "    if scope is None:\n",
        _SCOPE,
    ),
    (
        "digest: to managers whose branches are in scope",
        "app/email/message/digest.py",
        "                or m.location_ids <@ cast(:branches as text [])\n",
        "                or m.tenant_id = :t\n",
        _SCOPE,
    ),
    (
        "mail: a member's branches are asked again when it goes",
        "app/email/sending/obstacles.py",
        "not _may_receive(:t, :email, b.branch_id)\n                or not exists (\n",
        "not exists (\n",
        _MEMBERS,
    ),
    (
        "mail: a member's branches are asked when it is planned",
        "app/email/sending/ledger.py",
        "        and _may_receive(m.tenant_id, m.email, m.branch_id)\n",
        "",
        _MEMBERS,
    ),
    (
        "link: a member who no longer sees the branch is out",
        "app/email/links/queries.py",
        "                and _may_receive(m.tenant_id, m.email, m.branch_id)\n",
        "",
        _MEMBERS,
    ),
]
