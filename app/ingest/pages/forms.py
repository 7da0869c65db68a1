"""The form of an ingestion."""

from __future__ import annotations

from datetime import date, timedelta

from flask_wtf import FlaskForm
from wtforms import (  # type: ignore[import-untyped] # wtforms has no types
    BooleanField,
    DateField,
    SelectMultipleField,
    ValidationError,
    widgets,
)
from wtforms.validators import InputRequired  # type: ignore[import-untyped] # as above

from app.dates import MAX_DAYS, DateRange
from app.ingest.jobs import IngestRequest
from app.ingest.store.kept_days import KeptDays

DATA_TYPES = {
    "events": "Events",
    "users": "Customers",
    "locations": "Branches",
}
_NO_DAY = "Enter a day, like 2024-01-31."


class IngestForm(FlaskForm):  # type: ignore[misc] # flask-wtf is untyped
    """Days, kinds of rows, and whether to skip unchanged days."""

    start_date = DateField("First day", [InputRequired("Choose the first day.")])
    end_date = DateField("Last day", [InputRequired("Choose the last day.")])
    data_types = SelectMultipleField(
        "What to load",
        choices=list(DATA_TYPES.items()),
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    changed_only = BooleanField("Only days that changed since they were loaded")

    def __init__(self, today: date, kept: KeptDays) -> None:
        """`today` is the tenant's; a new form offers the four days that Google may rewrite.

        `kept` is the tenant's retention: older events are refused here already.
        """
        super().__init__(
            start_date=today - timedelta(days=4),
            end_date=today - timedelta(days=1),
            data_types=list(DATA_TYPES),
        )
        self.today = today
        self.kept = kept

    def validate_start_date(self, field: DateField) -> None:
        """Refuse future days."""
        if field.data and field.data > self.today:
            raise ValidationError("This day is in the future.")

    def validate_end_date(self, field: DateField) -> None:
        """Refuse future days, a reversed range and one longer than the two kept years."""
        start, end = self.start_date.data, field.data
        if end and end > self.today:
            raise ValidationError("This day is in the future.")
        if start and end and end < start:
            raise ValidationError("The last day is before the first one.")
        if start and end and (end - start).days >= MAX_DAYS:
            raise ValidationError(f"At most {MAX_DAYS} days can be loaded at once.")
        if start and end and "events" in (self.data_types.data or ()):
            self._refuse_outdated(DateRange(start, end))

    def _refuse_outdated(self, period: DateRange) -> None:
        if self.kept.within(period) is None:
            raise ValidationError(self.kept.refusal(period))

    def validate_data_types(self, field: SelectMultipleField) -> None:
        """Ask for at least one kind."""
        if not field.data:
            raise ValidationError("Choose at least one.")

    def errors_of(self, name: str) -> list[str]:
        """The messages next to one field; unreadable days get plain words."""
        unreadable = "Not a valid date value."
        return [_NO_DAY if error == unreadable else error for error in self[name].errors]

    def to_request(self) -> IngestRequest:
        """The validated form as the job's request."""
        return IngestRequest(
            start_date=self.start_date.data,
            end_date=self.end_date.data,
            data_types=tuple(self.data_types.data),
            changed_only=self.changed_only.data,
        )
