"""Labels of the audit log's actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AREAS = {
    "auth": "Signing in and out",
    "member": "Members",
    "settings": "Settings",
    "tenant": "The tenant",
    "ingest": "Loading data",
    "task": "Tasks",
    "customer": "Customers",
    "term": "Search terms",
    "export": "Exports",
    "email": "Email",
    "token": "API tokens",
}
VIA = {
    "page": "Page",
    "api": "API",
    "link": "Link in an email",
    "job": "Job",
    "command": "Command line",
}
_LABELS = {
    "auth.signed_in": "Signed in",
    "auth.signed_out": "Signed out",
    "auth.sign_in_refused": "Sign-in refused: deactivated",
    "auth.account_refused": "Sign-in refused: not the member's account",
    "auth.tenant_chosen": "Switched to this tenant",
    "member.provisioned": "Invited or changed a member",
    "member.joined": "Accepted the invitation",
    "member.role_changed": "Changed a role",
    "member.branches_changed": "Changed branches",
    "member.withdrawn": "Withdrew an invitation",
    "member.unbound": "Unbound a member from an account",
    "settings.changed": "Changed settings",
    "settings.tested": "Tested a connection",
    "settings.tried": "Tested other rules",
    "settings.host_key_accepted": "Accepted a server's key",
    "settings.key_rotated": "Re-encrypted a credential",
    "email.recipient_added": "Added a recipient",
    "email.recipient_changed": "Changed a recipient",
    "email.recipient_deleted": "Deleted a recipient",
    "email.recipient_resumed": "Resumed reports to an address",
    "email.recipients_imported": "Imported recipients",
    "email.sent": "Sent reports",
    "email.tested": "Sent a test to themselves",
    "email.switched": "Switched sending on or off",
    "email.resent": "Sent failed messages again",
    "email.resolved": "Resolved a message",
    "email.links_revoked": "Revoked a report's links",
    "email.link_renewed": "Asked for a new link",
    "email.unsubscribed": "Unsubscribed",
    "email.schedule_changed": "Changed the mail schedule",
    "token.created": "Created an API token",
    "token.revoked": "Revoked an API token",
    "tenant.provisioned": "Created or changed the tenant",
    "ingest.started": "Started an ingestion",
    "ingest.estimated": "Estimated an ingestion",
    "ingest.cancelled": "Canceled a job",
    "ingest.retried": "Retried a job",
    "ingest.held_file_loaded": "Loaded a held file",
    "customer.do_not_contact": "Do not contact",
    "customer.contact_again": "Allow contact again",
    "customer.excluded": "Excluded",
    "customer.included": "Ended an exclusion",
    "customer.noted": "Wrote a note about a customer",
    "term.marked": "Marked a search term",
    "task.call": "Logged a call",
    "task.done": "Finished a task",
    "task.undo": "Undid a step",
}


def action_label(action: str) -> str:
    """The action in words: `settings.changed` is “Settings: changed”."""
    area, _, verb = action.partition(".")
    plain = f"{AREAS.get(area, area.capitalize())}: {verb.replace('_', ' ')}"
    return _LABELS.get(action, plain)


def tell(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """An entry's details as names and values; before and after come last."""
    last = {"before": 1, "after": 2}
    names = sorted(detail, key=lambda name: (last.get(name, 0), name))
    return [(name.replace("_", " "), _value(detail[name])) for name in names]


def _value(value: object) -> str:
    if value is None:
        return "all"
    if isinstance(value, Mapping):
        said = (f"{name.replace('_', ' ')} {_value(inner)}" for name, inner in value.items())
        return "; ".join(said) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
