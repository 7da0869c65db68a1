"""Reports and digests as HTML and text. What visitors typed is encoded and leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.dashboard.tiles import Tile, build_tiles
from app.dates import DateRange, zone
from app.email.links.placeholders import (
    REPORT_MARK,
    UNSUBSCRIBE_MARK,
    link_address,
    unsubscribe_address,
)
from app.email.message.content import MOST_CLOSED, MOST_REASONS, Figures, Report
from app.email.message.digest import Digest
from app.email.message.subject import digest_subject, one_line, report_subject
from app.format import Format, duration, plural
from app.http.keys import in_address
from app.http.masking import phone_link
from app.tasks.labels import CLOSED_NAMES, OUTCOME_NAMES, customer_name
from app.tasks.queue.cards import card_id
from app.tasks.types import describe

_LINKLIKE = re.compile(r"(?<=[^\W_])(\.|@|://)(?=[^\W\d_])|(?<=[^\W_])(@)(?=\w)")
_NON_JOINER = "\u200c"
_MOST_PLACES = 5
_SIGNS = {"up": "▲ ", "down": "▼ "}
_SHOWN = (
    "net_revenue",
    "orders",
    "conversion_rate",
    "visitors",
    "abandoned_carts",
    "failed_searches",
)


class MailFormat(Format):
    """A tenant's way of writing; a mail is read on another day than it was written."""

    def when(self, value: datetime | None, now: datetime | None = None) -> str:
        """Tue 19 Nov 16:20, never “yesterday”."""
        del now
        if value is None:
            return super().when(value)
        local = value.astimezone(zone(self.time_zone))
        return f"{local:%a} {self.day_short(local.date())} {local:%H:%M}"


@dataclass(frozen=True)
class Rendered:
    """A message as it is stored; links are marks."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class Frame:
    """What every mail says around its content. `is_test`: it counts as nothing."""

    tenant_name: str
    base: str
    fmt: MailFormat
    is_test: bool = False


def render_report(report: Report, frame: Frame) -> Rendered:
    """The report as a mail."""
    subject = report_subject(
        report.new_count, report.open_count, report.branches, report.period.end
    )
    return _render(
        "report",
        subject,
        frame,
        report.addressee.email,
        {
            "report": report,
            "places": _places(report.branches),
            "figures": _figures(report.figures, frame.fmt),
            "compared": report.period.previous(),
            "most_closed": MOST_CLOSED,
            "most_reasons": MOST_REASONS,
        },
    )


def render_digest(digest: Digest, frame: Frame) -> Rendered:
    """The week's digest as a mail."""
    subject = digest_subject(digest.made, digest.worked, frame.tenant_name, digest.period.end)
    return _render("digest", subject, frame, digest.member.email, {"digest": digest})


def render_link(period: DateRange, recipient: str, frame: Frame) -> Rendered:
    """A mail that brings a new link to a report."""
    subject = f"A new link to your report of {frame.fmt.period(period)}"
    return _render("link", subject, frame, recipient, {"period": period})


def defuse(words: object, most: int = 50) -> str:
    """`words` in one line in which no mail program finds an address to make a link of.

    At most `most` characters of it: whatever visitors type, a mail stays under 100 KB.
    """
    said = one_line(str(words))
    if len(said) > most:
        said = said[: most - 1].rstrip() + "…"
    return _LINKLIKE.sub(lambda found: f"{found[0]}{_NON_JOINER}", said)


def _render(
    name: str, subject: str, frame: Frame, recipient: str, content: Mapping[str, Any]
) -> Rendered:
    subject = one_line(f"Test: {subject}" if frame.is_test else subject)
    values = {
        **content,
        "frame": frame,
        "fmt": frame.fmt,
        "subject": subject,
        "recipient": recipient,
        "link": link_address(frame.base, REPORT_MARK),
        "way_out": unsubscribe_address(frame.base, UNSUBSCRIBE_MARK),
    }
    made = _environment()
    html = made.get_template(f"{name}.html").render(values)
    text = made.get_template(f"{name}.txt").render(values)
    return Rendered(subject, _inliner().inline(html), _tidy(text))


def _places(branches: Sequence[str]) -> str:
    """The branches by name, or how many they are."""
    if len(branches) > _MOST_PLACES:
        return f"{len(branches)} branches"
    return ", ".join(defuse(one) for one in branches)


def _figures(figures: Figures, fmt: Format) -> list[Tile]:
    """The tiles of Overview that a report shows, in their order there."""
    return [t for t in build_tiles(figures.now, figures.before, fmt) if t.key in _SHOWN]


def _moved(tile: Tile) -> str:
    """How a figure moved, with its sign: ▲ 12%."""
    if tile.change is None:
        return ""
    return f"{_SIGNS.get(tile.change.direction, '')}{tile.change.text}"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("app", "templates/email/mail"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html",), default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(defuse=defuse, tel=phone_link, key=in_address)
    made.globals.update(
        card_id=card_id,
        describe=describe,
        customer_name=customer_name,
        plural=plural,
        duration=duration,
        ended=_ended,
        moved=_moved,
    )
    return made


def _ended(task: Any) -> str:  # noqa: ANN401 - a task of a template
    """How a task ended, in words."""
    if task.state == "done":
        return f"Done: {OUTCOME_NAMES.get(task.outcome, 'finished').lower()}"
    if task.state == "expired":
        return "Expired: no one worked on it"
    return CLOSED_NAMES.get(task.closed_reason, "Closed automatically")


@cache
def _inliner() -> CSSInliner:
    return CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


def _tidy(text: str) -> str:
    """No blanks at line ends, and never two empty lines."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
