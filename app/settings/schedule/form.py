"""The form of a schedule: days and a time, or a cron line."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import (  # type: ignore[import-untyped] # wtforms has no types
    BooleanField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
    widgets,
)
from wtforms.validators import (  # type: ignore[import-untyped] # as above
    InputRequired,
    NumberRange,
    Optional,
)

from app.cron import DAYS, cron_of, days_and_time, next_runs
from app.dates import utc_now
from app.errors import Invalid
from app.ingest.schedule.queries import Schedule

_DEFAULT = {"kind": "days", "days": list(DAYS), "at": "02:30", "cron": ""}


class CronForm(FlaskForm):  # type: ignore[misc] # flask-wtf is untyped
    """`days` and `at`, or `cron`, as `kind` says; in `time_zone`."""

    kind = RadioField("How", choices=[("days", "On days, at a time"), ("cron", "By a cron line")])
    days = SelectMultipleField(
        "Days",
        choices=list(DAYS.items()),
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    at = StringField("Time", [Optional()])
    cron = StringField("Cron line", [Optional()])
    time_zone = StringField("Time zone", [InputRequired("Enter a time zone.")])
    is_paused = BooleanField("Paused")

    @property
    def pause(self) -> bool | None:
        """Whether to pause; None if the form does not say, as none of ours does."""
        return bool(self.is_paused.data) if self.is_paused.raw_data else None

    def line(self) -> str:
        """The cron line, entered or built from days and time.

        Raises:
            Invalid: there is none.
        """
        if self.kind.data == "cron":
            return str(self.cron.data or "").strip()
        return cron_of(self.days.data or (), str(self.at.data or ""))

    def check(self) -> bool:
        """Whether the form is valid; errors are shown next to their fields."""
        if not self.validate_on_submit():
            return False
        place = self.cron if self.kind.data == "cron" else self.at
        try:
            line = self.line()
        except Invalid as error:
            place.errors = [error.message]
            return False
        try:
            next_runs(line, self.time_zone.data, utc_now(), 1)
        except Invalid as error:
            zone_is_wrong = "zone" in error.message
            (self.time_zone if zone_is_wrong else place).errors = [error.message]
            return False
        return True

    @property
    def problems(self) -> dict[str, str]:
        return {field.name: " ".join(map(str, field.errors)) for field in self if field.errors}


class ScheduleForm(CronForm):
    """When ingestion starts, and how many days it covers."""

    days_back = IntegerField(
        "Days to check, up to yesterday",
        [InputRequired("Enter a number."), NumberRange(1, 31)],
    )


def stored_values(schedule: Schedule | None, zone_name: str) -> dict[str, Any]:
    """The schedule as shown in its form; defaults to every night at half past two."""
    if schedule is None:
        return {**_DEFAULT, "days_back": 4, "time_zone": zone_name, "is_paused": False}
    return {
        **cron_values(schedule.cron),
        "time_zone": schedule.time_zone,
        "days_back": schedule.days_back,
        "is_paused": schedule.is_paused,
    }


def cron_values(cron: str) -> dict[str, Any]:
    """A cron line as shown in the form."""
    plain = days_and_time(cron)
    days, at = plain or (_DEFAULT["days"], _DEFAULT["at"])
    return {"kind": "days" if plain else "cron", "days": days, "at": at, "cron": cron}
