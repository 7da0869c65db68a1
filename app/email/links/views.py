"""The pages that links in mail open, without signing in. Looking changes nothing; a press does.

Mail scanners follow every link, some with a browser that runs scripts. So a GET only shows a
form, its nonce is good once and for this link alone, and nothing here presses by itself.
"""

from __future__ import annotations

import secrets
from typing import Any, cast

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.audit import Actor
from app.branches import branch_label, get_branch_names
from app.database.engine import tenant_transaction
from app.database.tenancy import Scope
from app.dates import today
from app.email.links import queries as links
from app.email.links.queries import Action, Gone, Link
from app.email.links.tokens import LinkToken, find_token
from app.errors import AppError, Conflict, Invalid, NotFound
from app.format import Format
from app.http.current import public
from app.http.limits import limiter
from app.http.web import origin_free
from app.jobs import publish
from app.tasks.labels import CLOSED_NAMES, OUTCOME_NAMES, STATE_NAMES, customer_name
from app.tasks.queue.actions import read_press, take
from app.tasks.queue.cards import card_id
from app.tasks.steps.rules import Clock
from app.tasks.types import describe
from app.tenant_settings import format_of, get_tenant_settings

blueprint = Blueprint("links", __name__, url_prefix="/r")

LINK_CALLS = "600 per minute"  # a company behind one address, and its mail scanner
_SAID = {"done": "Done. Thank you.", "snooze": "Snoozed."}


@blueprint.get("/<letters>")
@public
@limiter.limit(LINK_CALLS)
def report(letters: str) -> Response:
    """The report as it was sent, with how its tasks stand now."""
    return _page(letters, said=_SAID.get(request.args.get("said", "")))


@blueprint.post("/<letters>/<any(done, snooze):action>")
@public
@limiter.limit(LINK_CALLS)
def act(letters: str, action: Action) -> AnyResponse:
    """Finish or snooze the tasks of one customer, or say why not."""
    token = _token(letters)
    try:
        with tenant_transaction(token.tenant_id) as conn:
            _act(conn, _good(conn, token), action)
    except (Conflict, Invalid) as refusal:
        return _page(letters, refusal=refusal)
    return redirect(url_for("links.report", letters=letters, said=action), 303)


@blueprint.post("/<letters>/renew")
@public
@limiter.limit(LINK_CALLS)
def renew(letters: str) -> AnyResponse:
    """Send a new link to the address that the old one was sent to."""
    token = _token(letters)
    with tenant_transaction(token.tenant_id) as conn:
        link = _known(conn, token)
        if link.purpose != "report" or link.is_revoked or not link.branch_ids:
            raise Gone
        links.use(conn, link, _nonce(link), "renew")
        day = today(get_tenant_settings(conn, link.tenant_id).time_zone)
        job_id = links.renew(conn, link, day)
        audit.record(conn, link.tenant_id, _actor(link), "email.link_renewed", link.message_id)
    if job_id is not None:
        publish(job_id)
    return _answer("email/link/sent.html", 200, link=link)


@blueprint.get("/<letters>/unsubscribe")
@public
@limiter.limit(LINK_CALLS)
def way_out(letters: str) -> Response:
    """The button that unsubscribes."""
    token = _token(letters)
    with tenant_transaction(token.tenant_id) as conn:
        link = _known(conn, token, "unsubscribe")
    return _answer("email/link/unsubscribe.html", 200, link=link, letters=letters, is_done=False)


@blueprint.post("/<letters>/unsubscribe")
@public
@origin_free
@limiter.limit(LINK_CALLS)
def unsubscribe(letters: str) -> Response:
    """Unsubscribe the recipient. Mail programs ask for it by themselves (RFC 8058)."""
    token = _token(letters)
    with tenant_transaction(token.tenant_id) as conn:
        link = _known(conn, token, "unsubscribe")
        if link.is_expired:
            raise Gone("This link is too old. Use the one of a newer report.")
        if links.unsubscribe(conn, link):
            links.use(conn, link, secrets.token_hex(), "unsubscribe")
            audit.record(conn, link.tenant_id, _actor(link), "email.unsubscribed", link.message_id)
    return _answer("email/link/unsubscribe.html", 200, link=link, letters=letters, is_done=True)


def _act(conn: Connection, link: Link, action: Action) -> None:
    time_zone = _format(conn, link).time_zone
    pressed = read_press(request.form, cast(Any, action), Clock(today(time_zone), time_zone))
    card = links.check_told(links.list_cards(conn, link), list(pressed.versions))
    if card is None:
        raise NotFound
    links.use(conn, link, _nonce(link), action, min(pressed.versions))
    scope = Scope(link.branch_ids)
    take(conn, link.tenant_id, scope, card.customer_key, pressed, _actor(link))


def _page(letters: str, said: str | None = None, refusal: AppError | None = None) -> Response:
    """The report's page; of a link that is over, what can be done about it."""
    token = _token(letters)
    with tenant_transaction(token.tenant_id) as conn:
        link = _known(conn, token, "report")
        if not link.is_good:
            return _answer("email/link/over.html", 410, link=link, letters=letters)
        names = get_branch_names(conn, link.tenant_id)
        context = {
            "cards": links.list_cards(conn, link),
            "fmt": _format(conn, link),
            "branches": [branch_label(names, name) for name in link.branch_ids],
        }
    return _answer(
        "email/link/report.html",
        refusal.status if refusal else 200,
        link=link,
        letters=letters,
        said=said,
        refusal=refusal,
        **context,
    )


def _answer(template: str, status: int, *, link: Link, **context: Any) -> Response:  # noqa: ANN401 - template values
    return make_response(
        render_template(
            template,
            link=link,
            new_nonce=lambda: _new_nonce(link),
            card_id=card_id,
            describe=describe,
            customer_name=customer_name,
            outcomes=OUTCOME_NAMES,
            state_names=STATE_NAMES,
            closed_names=CLOSED_NAMES,
            **context,
        ),
        status,
    )


def _token(letters: str) -> LinkToken:
    token = find_token(letters)
    if token is None:
        raise NotFound
    return token


def _known(conn: Connection, token: LinkToken, purpose: str | None = None) -> Link:
    link = links.find_link(conn, token)
    if link is None or purpose not in (None, link.purpose):
        raise NotFound
    return link


def _good(conn: Connection, token: LinkToken) -> Link:
    link = _known(conn, token, "report")
    if not link.is_good:
        raise Gone
    return link


def _new_nonce(link: Link) -> str:
    return _signer().dumps([link.token_hash.hex(), secrets.token_hex(16)])


def _nonce(link: Link) -> str:
    """What makes the form good once.

    Raises:
        Invalid: it is not one of this link's.
    """
    try:
        token_hash, nonce = _signer().loads(request.form.get("nonce", ""))
    except (BadSignature, ValueError, TypeError):
        token_hash, nonce = None, ""
    if token_hash != link.token_hash.hex():
        raise Invalid("This form cannot be used. Load the page again.")
    return str(nonce)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="link nonce")


def _actor(link: Link) -> Actor:
    return Actor(link.recipient, "link", None, request.remote_addr, g.get("request_id"))


def _format(conn: Connection, link: Link) -> Format:
    return format_of(get_tenant_settings(conn, link.tenant_id), Format)
