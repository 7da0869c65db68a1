"""Shared by all JSON routes: reading and checking requests, the shape of lists, OpenAPI."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, Generic, ParamSpec, TypeVar

from flask import Request, Response, request, url_for
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
)
from spectree import Response as Answers
from spectree import SecurityScheme, SpecTree
from spectree.config import ModeEnum
from spectree.models import InType, SecureType, SecuritySchemeData

from app import __version__
from app.dates import MAX_DAYS, DateRange, parse_date, today
from app.errors import Invalid

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

MAX_LIMIT = 200
MOST_FAULTS = 20
_LONGEST_TEXT = 200
_API_PREFIXES = ("/auth/api/", "/data/api/", "/analytics/api/")
_FIGURE_PREFIXES = ("/data/api/", "/analytics/api/")


class Model(BaseModel):
    """An answer."""


class Removed(Model):
    """What was asked for is gone; whether it was there before."""

    was_there: bool


def _two_places(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.01'), ROUND_HALF_EVEN):f}"


def _as_date(value: object) -> object:
    return parse_date(value) if isinstance(value, str) else value


Money = Annotated[Decimal, PlainSerializer(_two_places, return_type=str)]
Percent = Annotated[Decimal, PlainSerializer(float, return_type=float)]
Day = Annotated[date, BeforeValidator(_as_date)]
LocationId = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
]


class PeriodQuery(BaseModel):
    """Days, both included, and branches. Without days: the 7 days that ended yesterday."""

    start_date: Day | None = None
    end_date: Day | None = None
    location_id: list[LocationId] = Field(default=[], max_length=500)

    def period(self, zone_name: str) -> DateRange:
        """The requested days; "yesterday" is in that time zone.

        Raises:
            Invalid: only one of the two days is given, they are reversed, or the range is too long.
        """
        if self.start_date is None and self.end_date is None:
            now = today(zone_name)
            return DateRange(now - timedelta(days=7), now - timedelta(days=1))
        if self.start_date is None or self.end_date is None:
            raise Invalid("Give start_date and end_date together, or neither.")
        period = DateRange(self.start_date, self.end_date)
        if period.length > MAX_DAYS:
            raise Invalid(f"A range has at most {MAX_DAYS} days, this one has {period.length}.")
        return period


class PageQuery(BaseModel):
    """Which page of a list."""

    page: int = Field(default=1, ge=1, le=100_000)
    limit: int = Field(default=50, ge=1, le=MAX_LIMIT)


class PageOf(Model, Generic[T]):
    """One page of a list. `next` is the address of the following page, null on the last."""

    data: list[T]
    total: int
    page: int
    limit: int
    has_more: bool
    next: str | None


def page_of(rows: Sequence[T], total: int, query: PageQuery) -> PageOf[T]:
    """The envelope around the rows of one page."""
    has_more = query.page * query.limit < total
    return PageOf(
        data=list(rows),
        total=total,
        page=query.page,
        limit=query.limit,
        has_more=has_more,
        next=_next_page(query) if has_more else None,
    )


def cut_page(rows: Sequence[T], query: PageQuery) -> PageOf[T]:
    """One page, in its envelope, cut from a complete list."""
    start = (query.page - 1) * query.limit
    return page_of(rows[start : start + query.limit], len(rows), query)


def filled(model: type[M], row: object, **more: object) -> M:
    """A response with the row's values of the same names; `more` overrides them."""
    names = (name for name in model.model_fields if name not in more and hasattr(row, name))
    return model(**{name: getattr(row, name) for name in names}, **more)


def _next_page(query: PageQuery) -> str:
    arguments: dict[str, Any] = request.args.to_dict(flat=False)
    arguments |= {"page": query.page + 1, "limit": query.limit}
    return url_for(request.endpoint or "", **(request.view_args or {}), **arguments)


def is_api_request() -> bool:
    """Whether this request uses JSON, even if its address is unknown."""
    return request.path.startswith(_API_PREFIXES)


def tenant_optional(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that works without X-Tenant-Id."""
    view.is_tenant_optional = True  # type: ignore[attr-defined]  # a mark on the function itself
    return view


def api_scope(scope: str | None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark the scope an API token needs to call this view; None: any token may."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        view.api_scope = scope  # type: ignore[attr-defined]  # a mark on the function itself
        return view

    return mark


def scope_of(view: object, path: str, method: str) -> str | None:
    """The scope an API token needs. Unmarked views: "read" for reading figures, else "admin"."""
    is_figure = path.startswith(_FIGURE_PREFIXES) and method in ("GET", "HEAD")
    return getattr(view, "api_scope", "read" if is_figure else "admin")


def api_roles(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark the roles that may call this view. Others are refused before their body is read."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        view.api_roles = roles  # type: ignore[attr-defined]  # a mark on the function itself
        return view

    return mark


def _refuse_invalid(
    _: Request, _response: Response, error: Exception | None, *_more: object
) -> None:
    """Turn a refused body or query into our error; spectree calls it before each view.

    Raises:
        Invalid: with the first faults by field, each of them short.
    """
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = {_field(e["loc"]): e["msg"][:_LONGEST_TEXT] for e in found[:MOST_FAULTS]}
        text = "; ".join(f"{field}: {fault}" if field else fault for field, fault in faults.items())
        left = len(found) - MOST_FAULTS
        raise Invalid(f"{text}; and {left:,} more" if left > 0 else text, fields=faults)


def _field(path: Sequence[int | str]) -> str:
    return ".".join(map(str, path))[:_LONGEST_TEXT]


spec = SpecTree(
    "flask",
    title="Sales intelligence",
    version=__version__,
    path="docs",
    page_templates={},
    openapi_version="3.1.0",
    mode=ModeEnum.strict,
    annotations=True,
    before=_refuse_invalid,
    naming_strategy=lambda model: model.__name__.replace("[", "_").replace("]", ""),
    nested_naming_strategy=lambda _, child: child,
    security_schemes=[
        SecurityScheme(
            name="bearer",
            data=SecuritySchemeData(
                type=SecureType.HTTP,
                scheme="bearer",
                description="The identity provider's access token, or a personal one (`sit_…`).",
            ),
        ),
        SecurityScheme(
            name="tenant",
            data=SecuritySchemeData(
                type=SecureType.API_KEY, name="X-Tenant-Id", field_in=InType.HEADER
            ),
        ),
    ],
)
_OPEN_REFUSALS = (400, 403, 413, 422, 429, 503)
_SECURED: dict[str, list[str]] = {"bearer": [], "tenant": []}


class Problem(Model):
    """Any refusal."""

    error: str
    message: str
    request_id: str


def documented(
    answer: type[BaseModel], *, tag: str, status: int = 200, is_open: bool = False
) -> Callable[[Callable[P, object]], Callable[P, Any]]:
    """Check the view's `query` and `json` against their models, and describe it in OpenAPI."""
    refusals = _OPEN_REFUSALS if is_open else (*_OPEN_REFUSALS, 401, 404, 409)
    answers = Answers(
        **{f"HTTP_{status}": answer}, **{f"HTTP_{code}": Problem for code in refusals}
    )
    security: Any = {} if is_open else _SECURED
    decorate: Callable[[Callable[P, object]], Callable[P, Any]] = spec.validate(
        resp=answers, tags=(tag,), security=security
    )
    return decorate
