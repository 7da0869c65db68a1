"""The set-up checklist, up to the first report. Until then an admin's landing page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, current_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.auth.setup.queries import SetupState, get_setup_state
from app.database.engine import tenant_transaction
from app.http.current import current_membership, current_tenant_id
from app.http.web import render_page, require_role

blueprint = Blueprint("setup", __name__, url_prefix="/auth/setup")


@dataclass(frozen=True)
class Step:
    """One line of the list: what is missing, why it matters, and the page to do it."""

    title: str
    missing: str
    why: str
    path: str
    is_done: Callable[[SetupState], bool]


@dataclass(frozen=True)
class Shown:
    """A step with its current state."""

    step: Step
    is_done: bool
    has_page: bool

    @property
    def state(self) -> str:
        """done, open, or later if the product has no page for it yet."""
        if self.is_done:
            return "done"
        return "open" if self.has_page else "later"


STEPS = (
    Step(
        "BigQuery",
        "The project, the dataset and a service account's key are not set.",
        "Visits, orders, carts and searches come from the export of Google Analytics.",
        "/auth/settings/bigquery",
        lambda state: state.has_bigquery,
    ),
    Step(
        "First load",
        "No day of the export is loaded yet.",
        "Figures and task lists come from loaded days. Start with the last 30.",
        "/data",
        lambda state: state.has_events,
    ),
    Step(
        "Customers and branches",
        "The SFTP server with the two files is not set.",
        "Names, phone numbers and branches come from your own files, not from Google.",
        "/auth/settings/sftp",
        lambda state: state.has_sftp or state.has_branches,
    ),
    Step(
        "Branches loaded",
        "No branches yet: load the locations file.",
        "Members are limited to branches, and every figure can be seen by branch.",
        "/data",
        lambda state: state.has_branches,
    ),
    Step(
        "Members",
        "You are the only member.",
        "Reps work their queue, managers see the team. Each signs in with an address of yours.",
        "/auth/members",
        lambda state: state.members > 1,
    ),
    Step(
        "Mail server",
        "The SMTP server that sends your reports is not set.",
        "Reports come from your own address, so that people and filters trust them.",
        "/auth/settings/smtp",
        lambda state: state.has_smtp,
    ),
    Step(
        "Recipients",
        "No branch has a recipient for its report.",
        "Each branch's report goes to the people named for it.",
        "/analytics/email/recipients",
        lambda state: state.has_recipients,
    ),
    Step(
        "Schedule",
        "Nothing loads automatically yet.",
        "New days load every night, so figures are fresh in the morning.",
        "/data/schedule",
        lambda state: state.has_schedule,
    ),
    Step(
        "Sending",
        "Sending is still off.",
        "Preview a report and send yourself a test first, then switch sending on.",
        "/analytics/email/send",
        lambda state: state.is_sending_on,
    ),
    Step(
        "Reports",
        "No report goes out automatically yet.",
        "On the mornings you choose, each rep gets what is new, with links that do the work.",
        "/analytics/email/schedule",
        lambda state: state.has_mail_schedule,
    ),
)


@blueprint.get("")
@require_role("admin")
def checklist() -> Response:
    """What is done, what is missing and where to do it."""
    shown = _shown(current_tenant_id())
    return render_page(
        "auth/setup.html",
        "auth/_setup.html",
        shown=shown,
        open_count=sum(one.state == "open" for one in shown),
        done_count=sum(one.state == "done" for one in shown),
        tenant_name=current_membership().tenant.name,
    )


def is_unfinished(tenant_id: UUID) -> bool:
    """Whether a step with a page is still open."""
    return any(one.state == "open" for one in _shown(tenant_id))


def _shown(tenant_id: UUID) -> list[Shown]:
    with tenant_transaction(tenant_id) as conn:
        state = get_setup_state(conn, tenant_id)
    return [Shown(step, step.is_done(state), _has_page(step.path)) for step in STEPS]


def _has_page(path: str) -> bool:
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True
