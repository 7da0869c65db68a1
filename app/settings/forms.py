"""The sections of a tenant's settings, as forms."""

from __future__ import annotations

from inspect import getmembers
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (  # type: ignore[import-untyped] # wtforms has no types
    Field,
    IntegerField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.core import UnboundField  # type: ignore[import-untyped] # as above
from wtforms.validators import (  # type: ignore[import-untyped] # as above
    InputRequired,
    Length,
    NumberRange,
    Optional,
    Regexp,
)

from app.dates import zone
from app.errors import AppError, Invalid
from app.ingest.bigquery.names import check_dataset, check_project
from app.net import check_host
from app.settings.service_account import rebuild_service_account
from app.settings.word_field import WordField, check_words

LOCALES = {
    "en-US": "English (US): 1,234.50",
    "en-GB": "English (UK): 1,234.50",
    "en-CA": "English (Canada): 1,234.50",
    "en-AU": "English (Australia): 1,234.50",
    "en-NZ": "English (New Zealand): 1,234.50",
    "de-DE": "German: 1.234,50",
    "de-CH": "Swiss German: 1’234.50",
    "fr-FR": "French: 1 234,50",
    "es-ES": "Spanish: 1.234,50",
    "it-IT": "Italian: 1.234,50",
    "nl-NL": "Dutch: 1.234,50",
    "pl-PL": "Polish: 1 234,50",
}
_PROPERTY = Regexp(
    r"^[A-Za-z][A-Za-z0-9_]{0,39}$",
    message="Letters, digits and “_”, at most 40, like WebUserId. It is case-sensitive.",
)
_ADDRESS = Regexp(r"^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$", message="Enter an email address.")
_LINE = Regexp(r"^[^\x00-\x1f]*$", message="Enter one line of plain text.")


def _needed(words: str) -> list[Any]:
    return [InputRequired(words), Length(max=300), _LINE]


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _check(check: Any, *values: object) -> None:  # noqa: ANN401 - any checking function
    """Run one of our checks; its error is shown next to the field."""
    try:
        check(*values)
    except (Invalid, AppError) as error:
        raise ValidationError(error.message) from error


class SectionForm(FlaskForm):  # type: ignore[misc] # flask-wtf is untyped
    """A section. `version` is the save it was opened on; `secret` names its write-only field."""

    secret: str | None = None
    bound_to: tuple[str, ...] = ()
    version = IntegerField("Version", [Optional()], default=0)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of the fields people see, in order. Columns of tenant_config have the same."""
        found = getmembers(cls, lambda member: isinstance(member, UnboundField))
        found.sort(key=lambda member: member[1].creation_counter)
        return tuple(name for name, _ in found if name != "version")

    @property
    def shown(self) -> list[Field]:
        """The fields that people see, in order."""
        return [field for field in self if field.name not in ("version", "csrf_token")]

    def values(self) -> dict[str, Any]:
        """The entered values, without the secret."""
        return {f.name: f.data for f in self.shown if f.name != self.secret}

    def entered_secret(self) -> str | None:
        """The secret, if one was entered."""
        return (self[self.secret].data or None) if self.secret else None


class BigQueryForm(SectionForm):
    """The location of the GA4 export, and the service account that reads it."""

    secret = "service_account"  # noqa: S105 - a field's name
    project_id = StringField("Project", _needed("Enter the project."), filters=[_stripped])
    dataset_id = StringField("Dataset", _needed("Enter the dataset."), filters=[_stripped])
    location = StringField(
        "Location of the dataset",
        [
            *_needed("Enter the location, like EU or US."),
            Regexp(r"^[A-Za-z0-9-]{2,40}$", message="Enter a location like EU, US or us-east1."),
        ],
        filters=[_stripped],
    )
    service_account = TextAreaField("Key file of the service account (JSON)", [Optional()])

    def validate_project_id(self, field: Field) -> None:
        _check(check_project, field.data or "")

    def validate_dataset_id(self, field: Field) -> None:
        _check(check_dataset, field.data or "")

    def validate_service_account(self, field: Field) -> None:
        """Allow only a service account's key."""
        if field.data:
            _check(rebuild_service_account, field.data)


class _ServerForm(SectionForm):
    host = StringField("Host", _needed("Enter the host name."), filters=[_stripped])
    port = IntegerField("Port", [InputRequired("Enter the port."), NumberRange(1, 65_535)])

    def validate_host(self, field: Field) -> None:
        """Allow only a host name, which is resolved when used."""
        _check(check_host, field.data or "")


class SftpForm(_ServerForm):
    """The location of the customer and branch files."""

    secret = "password"  # noqa: S105 - a field's name
    bound_to = ("host", "port", "username")
    username = StringField("User name", _needed("Enter the user name."), filters=[_stripped])
    password = TextAreaField("Password, or private key without a passphrase", [Optional()])
    users_path = StringField("Path of the customer file", _needed("Enter the path."))
    locations_path = StringField("Path of the branch file", _needed("Enter the path."))


class SmtpForm(_ServerForm):
    """The mail server that sends reports."""

    secret = "password"  # noqa: S105 - a field's name
    bound_to = ("host", "port", "username")
    security = SelectField(
        "Encryption", choices=[("starttls", "STARTTLS (port 587)"), ("tls", "TLS (port 465)")]
    )
    username = StringField("User name", _needed("Enter the user name."), filters=[_stripped])
    password = PasswordField("Password", [Optional(), Length(max=1000)])
    from_address = StringField(
        "Sender’s address", [*_needed("Enter an address."), _ADDRESS], filters=[_stripped]
    )
    from_name = StringField("Sender’s name", [Optional(), Length(max=100), _LINE])


class TimeAndMoneyForm(SectionForm):
    """How times, money and numbers are counted and formatted."""

    time_zone = StringField("Time zone people work in", _needed("Enter a time zone."))
    property_time_zone = StringField("Time zone of the GA4 property", _needed("Enter a time zone."))
    reporting_currency = StringField(
        "Reporting currency",
        [
            *_needed("Enter a currency."),
            Regexp(r"^[A-Z]{3}$", message="Three capital letters, like USD."),
        ],
    )
    locale = SelectField("Number format", choices=list(LOCALES.items()))

    def validate_time_zone(self, field: Field) -> None:
        """Allow only IANA zones."""
        _check(zone, field.data or "")

    def validate_property_time_zone(self, field: Field) -> None:
        """Allow only IANA zones."""
        _check(zone, field.data or "")


class PropertiesForm(SectionForm):
    """The user properties and event parameters that identify people and places."""

    contact_property = StringField("Contact", [InputRequired("Enter a name."), _PROPERTY])
    company_property = StringField("Company", [InputRequired("Enter a name."), _PROPERTY])
    branch_property = StringField("Branch", [InputRequired("Enter a name."), _PROPERTY])


LEAST_MONTHS, MOST_MONTHS = 24, 120  # as in the constraint of tenant_config


class NothingWordsForm(SectionForm):
    """The tenant's own words for “no value”, in addition to the built-in ones."""

    nothing_words = WordField("Your own words, one a line")

    def validate_nothing_words(self, field: Field) -> None:
        """Limit number and length; one line each."""
        check_words(field.data)


class RetentionForm(SectionForm):
    retention_months = IntegerField(
        "Months events are kept",
        [InputRequired("Enter a number."), NumberRange(LEAST_MONTHS, MOST_MONTHS)],
    )


RULES: dict[str, tuple[str, int, int]] = {
    "chain_days": ("Days without activity that end a chain of evidence", 1, 90),
    "cart_hours": ("Hours until a cart counts as abandoned", 1, 168),
    "cart_days": ("Days an abandoned cart stays a task", 1, 90),
    "purchase_days": ("Days a purchase stays a task", 1, 90),
    "search_days": ("Days a failed search stays a task", 1, 90),
    "searches": ("Searches of one customer that make a task", 1, 50),
    "term_sessions": ("Sessions with the same failed term that make a task", 1, 50),
    "visit_pages": ("Product pages that make a visit count", 1, 50),
    "visits": ("Visits that make a task", 1, 50),
    "visit_days": ("Days repeat visits stay a task", 1, 90),
    "bounces": ("Bounced sessions that make a task", 1, 50),
    "bounce_days": ("Days bounced sessions stay a task", 1, 90),
    "cool_days": ("Days of rest after a task is closed", 0, 90),
    "no_answer_days": ("Business days until a task comes back after “No answer”", 1, 30),
    "no_answers": ("“No answer” in a row until a task closes", 1, 20),
    "attribution_days": ("Days an order counts as recovered by a task", 1, 90),
}


class _Rules(SectionForm):
    """The thresholds of tasks."""


def _with_rules() -> type[SectionForm]:
    fields = {
        name: IntegerField(label, [InputRequired("Enter a number."), NumberRange(least, most)])
        for name, (label, least, most) in RULES.items()
    }
    return type("RulesForm", (_Rules,), {**fields, "__doc__": _Rules.__doc__})


RulesForm = _with_rules()

FORMS: dict[str, type[SectionForm]] = {
    "bigquery": BigQueryForm,
    "sftp": SftpForm,
    "smtp": SmtpForm,
    "time-and-money": TimeAndMoneyForm,
    "properties": PropertiesForm,
    "nothing-words": NothingWordsForm,
    "rules": RulesForm,
    "retention": RetentionForm,
}
TITLES = {
    "bigquery": "BigQuery",
    "sftp": "SFTP",
    "smtp": "Mail server",
    "time-and-money": "Time & money",
    "properties": "Property names",
    "nothing-words": "Words for nothing",
    "rules": "Task rules",
    "retention": "Retention",
}
