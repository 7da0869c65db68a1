"""The form of a new API token."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import (  # type: ignore[import-untyped] # wtforms has no types
    SelectField,
    SelectMultipleField,
    StringField,
    ValidationError,
    widgets,
)
from wtforms.validators import DataRequired, InputRequired, Length  # type: ignore[import-untyped] # as above

from app.auth.tokens.api_tokens import LIFETIMES_DAYS, SCOPES, scopes_of_role
from app.database.tenancy import Role


def _stripped(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    return value.strip() if isinstance(value, str) else value


class ApiTokenForm(FlaskForm):  # type: ignore[misc] # flask-wtf is untyped
    """A token's name, scopes and lifetime."""

    name = StringField(
        "Name",
        [
            DataRequired("Say what it is for, like “Nightly export”."),
            Length(max=80, message="Use at most 80 characters."),
        ],
        filters=[_stripped],
    )
    scopes = SelectMultipleField(
        "What it may do",
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    lifetime_days = SelectField(
        "Valid for",
        choices=[(days, f"{days} days") for days in LIFETIMES_DAYS],
        coerce=int,
        default=90,
        validators=[InputRequired("Choose for how long.")],
    )

    def __init__(self, role: Role, **values: Any) -> None:  # noqa: ANN401 - of wtforms
        """`role` determines the scopes to choose from."""
        super().__init__(**{"scopes": ["read"], "lifetime_days": 90} | values)
        self.scopes.choices = [(scope, SCOPES[scope]) for scope in scopes_of_role(role)]

    def validate_name(self, field: StringField) -> None:
        """Refuse a name that is unreadable in a list."""
        if any(ord(letter) < 32 for letter in field.data or ""):
            raise ValidationError("Use letters, digits and spaces.")

    def validate_scopes(self, field: SelectMultipleField) -> None:
        """Ask for at least one."""
        if not field.data:
            raise ValidationError("Choose at least one.")

    def errors_of(self, name: str) -> list[str]:
        return [str(error) for error in self[name].errors]
