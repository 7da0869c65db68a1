"""The command line: `flask --app wsgi tenant create`, `member invite`, `secrets rotate` …"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import click
from flask import Flask
from flask.cli import AppGroup

from app.config import ConfigError
from app.database.tenancy import Role
from app.errors import AppError
from app.settings import bindings, offboarding, provision

tenant = AppGroup("tenant", help="Companies that use the system.")
member = AppGroup("member", help="People who sign in.")
secrets = AppGroup("secrets", help="Tenants' stored credentials.")


def register(app: Flask) -> None:
    """Add the commands to the application's command line."""
    for group in (tenant, member, secrets):
        app.cli.add_command(group)


@tenant.command("create")
@click.argument("slug")
@click.argument("name")
@click.option("--currency", default="USD", help="The reporting currency, three letters.")
@click.option("--property-time-zone", default="UTC", help="The zone of the GA4 property.")
@click.option("--time-zone", help="The zone people work in; the property's if left out.")
@click.option("--locale", default="en-US")
def create_tenant(
    slug: str, name: str, currency: str, property_time_zone: str, time_zone: str | None, locale: str
) -> None:
    """Make the tenant SLUG, or change it, and print its id."""
    with _plain_errors():
        tenant_id = provision.create_tenant(
            slug, name, currency, property_time_zone, time_zone, locale
        )
    click.echo(tenant_id)


@tenant.command("export")
@click.argument("slug")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export_tenant(slug: str, folder: Path) -> None:
    """Write every row of the tenant SLUG into FOLDER, a file a table."""
    with _plain_errors():
        written = offboarding.export_tenant(provision.find_tenant_id(slug), folder)
    click.echo(f"{sum(written.values())} rows of {len(written)} tables written to {folder}")


@tenant.command("delete")
@click.argument("slug")
@click.option("--name-again", required=True, help="SLUG once more: this cannot be undone.")
def delete_tenant(slug: str, name_again: str) -> None:
    """Delete the tenant SLUG and everything of it, for good."""
    if name_again != slug:
        raise click.ClickException("The two names differ. Nothing was deleted.")
    with _plain_errors():
        deleted = offboarding.delete_tenant(provision.find_tenant_id(slug))
    click.echo(f"{sum(deleted.values())} rows of {len(deleted)} tables deleted")


@member.command("invite")
@click.argument("slug")
@click.argument("email")
@click.option("--role", default="viewer", type=click.Choice(["admin", "manager", "rep", "viewer"]))
@click.option("--location-id", "location_ids", multiple=True, help="Only this branch; repeatable.")
@click.option("--all-branches", is_flag=True, help="Every branch, as admins always have.")
def invite_member(
    slug: str, email: str, role: str, location_ids: tuple[str, ...], all_branches: bool
) -> None:
    """Invite EMAIL to the tenant SLUG, or change its role and branches."""
    if role != "admin" and bool(location_ids) == all_branches:
        raise click.ClickException("Give --location-id for each branch, or --all-branches.")
    with _plain_errors():
        tenant_id = provision.find_tenant_id(slug)
        provision.add_member(tenant_id, email, cast(Role, role), location_ids or None)
        said = bindings.describe_member(tenant_id, email)
    click.echo(said)


@member.command("unbind")
@click.argument("slug")
@click.argument("emails", metavar="[EMAIL]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Everyone, admins included.")
def unbind_members(slug: str, emails: tuple[str, ...], is_all: bool) -> None:
    """Forget which account EMAIL signs in with, after accounts were replaced.

    The next sign-in with that verified address becomes the member, with the same role and branches.
    """
    if bool(emails) == is_all:
        raise click.ClickException("Name the addresses, or say --all.")
    with _plain_errors():
        tenant_id = provision.find_tenant_id(slug)
        wanted = bindings.list_bound(tenant_id) if is_all else emails
        unbound = bindings.unbind_members(tenant_id, wanted)
    for email in unbound:
        click.echo(f"{email}: the next sign-in with this verified address becomes the member")
    if not unbound:
        raise click.ClickException("Nothing was changed: no account has signed in there yet.")


@secrets.command("rotate")
def rotate() -> None:
    """Encrypt anew what keys other than the first one encrypted; interrupted, run it again."""
    with _plain_errors():
        count = provision.rotate_credentials()
    click.echo(f"{count} credentials re-encrypted")


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Show our errors as one sentence instead of a traceback."""
    try:
        yield
    except (AppError, ConfigError) as error:
        raise click.ClickException(str(error)) from None
