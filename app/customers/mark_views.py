"""Marks on a customer: do not contact, excluded, the end of both, and notes."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.customers import do_not_contact as marks
from app.customers import exclusions, notes, queries
from app.customers.exclusion_views import follow, tell
from app.customers.queries import Customer, Person
from app.customers.views import customer_page, find_or_404
from app.database.engine import tenant_transaction
from app.errors import Invalid
from app.http.current import current_actor, current_member, current_scope, current_tenant_id
from app.http.masking import mask_id
from app.http.web import current_format, render_page, require_role

blueprint = Blueprint("customer_marks", __name__, url_prefix="/analytics")

Change = Callable[[Connection, Customer, list[Person]], marks.Marked]


@blueprint.post("/customers/<key:customer_key>/do-not-contact")
@require_role("manager", "admin")
def do_not_contact(customer_key: str) -> AnyResponse:
    """Leave a customer alone, until a day or for good."""
    by, zone_name = current_member().email, current_format().time_zone
    return _mark(
        customer_key,
        "do_not_contact",
        "This customer is now marked “Do not contact”.",
        lambda conn, found, _: marks.set_do_not_contact(
            conn, current_tenant_id(), found, request.form, by, zone_name
        ),
    )


@blueprint.post("/customers/<key:customer_key>/contact-again")
@require_role("manager", "admin")
def contact_again(customer_key: str) -> AnyResponse:
    """End do-not-contact."""
    return _mark(
        customer_key,
        "contact_again",
        "This customer can be contacted again.",
        lambda conn, found, _: marks.allow_contact(conn, current_tenant_id(), found),
    )


@blueprint.post("/customers/<key:customer_key>/exclude")
@require_role("manager", "admin")
def exclude(customer_key: str) -> AnyResponse:
    """Take a customer, or an email domain of its people, out of every list of tasks."""
    return _mark(
        customer_key,
        "excluded",
        "Excluded from all task lists.",
        lambda conn, found, people: exclusions.exclude_customer(
            conn,
            current_tenant_id(),
            current_scope(),
            found,
            people,
            request.form,
            current_member().email,
        ),
    )


@blueprint.post("/customers/<key:customer_key>/include")
@require_role("manager", "admin")
def include(customer_key: str) -> AnyResponse:
    """End the exclusions that hold for a customer."""
    return _mark(
        customer_key,
        "included",
        "Back in the task lists.",
        lambda conn, found, people: exclusions.include_customer(
            conn, current_tenant_id(), current_scope(), found, exclusions.email_domains(people)
        ),
    )


@blueprint.post("/customers/<key:customer_key>/note")
@require_role("rep", "manager", "admin")
def add_note(customer_key: str) -> AnyResponse:
    """Write something down about a customer."""
    return _mark(
        customer_key,
        "noted",
        "Note saved.",
        lambda conn, found, _: notes.add_note(
            conn, current_tenant_id(), found.customer_key, request.form, current_member().email
        ),
    )


def _mark(customer_key: str, action: str, message: str, change: Change) -> AnyResponse:
    """Change what holds for a customer, and show its page again, or what is missing."""
    try:
        with tenant_transaction(current_tenant_id()) as conn:
            found = find_or_404(conn, customer_key)
            marks.check_whole(found)
            people = queries.list_people(conn, current_tenant_id(), current_scope(), customer_key)
            kind, value = change(conn, found, people)
            audit.record(
                conn,
                current_tenant_id(),
                current_actor(),
                f"customer.{action}",
                mask_id(value),
                kind=kind,
            )
            job_id = follow(conn, current_tenant_id())
    except Invalid as error:
        with tenant_transaction(current_tenant_id()) as conn:
            context = customer_page(conn, customer_key)
        return render_page(
            "customers/customer.html",
            "customers/_customer.html",
            status=422,
            problem=error.message,
            **context,
        )
    tell(message, job_id)
    return redirect(url_for("customers.customer", customer_key=customer_key), 303)
