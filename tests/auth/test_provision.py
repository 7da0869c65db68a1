"""Tenants, members and credentials from the command line; running anything twice updates."""

from __future__ import annotations

import base64
import json
import secrets
from uuid import UUID

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app import crypto
from app.database.engine import tenant_transaction
from app.errors import Invalid
from app.settings import provision
from app.settings.queries import (
    get_bigquery_credentials,
    get_sftp_credentials,
    get_tenant_settings,
)
from tests.running import Site

Connection = psycopg.Connection[tuple[object, ...]]
PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
ACCOUNT = {
    "type": "service_account",
    "project_id": "acme-export",
    "private_key_id": "1a2b",
    "private_key": PEM,
    "client_email": "reader@acme-export.example",
    "token_uri": "https://evil.test/token",
    "universe_domain": "evil.test",
}


def set_sftp(tenant_id: UUID, password: str = "pw-1") -> None:
    provision.set_sftp(
        tenant_id, "sftp.acme.test", 22, "acme", password, "ssh-ed25519 AAAA", "/u.xlsx", "/l.csv"
    )


def test_settings_are_stored_and_changed(site: Site) -> None:
    first = provision.create_tenant("initech", "Initech", "EUR", "Europe/Berlin")
    again = provision.create_tenant(
        "initech", "Initech AG", "CHF", "Europe/Berlin", "Europe/Zurich"
    )
    assert first == again
    with tenant_transaction(first) as conn:
        found = get_tenant_settings(conn, first)
    assert (found.reporting_currency, found.property_time_zone, found.time_zone) == (
        "CHF",
        "Europe/Berlin",
        "Europe/Zurich",
    )
    assert (found.bigquery, found.sftp, found.contact_property) == ({}, {}, "WebUserId")


def test_credentials_are_stored_encrypted_and_opened(site: Site, superuser: Connection) -> None:
    provision.set_bigquery(site.acme, "acme-export", "analytics_1", "EU", json.dumps(ACCOUNT))
    set_sftp(site.acme)
    with tenant_transaction(site.acme) as conn:
        account = get_bigquery_credentials(conn, site.acme)
        password = get_sftp_credentials(conn, site.acme)
        settings = get_tenant_settings(conn, site.acme)
    four = {k: ACCOUNT[k] for k in ("client_email", "private_key", "project_id", "private_key_id")}
    assert json.loads(account or "") == {"type": "service_account", **four}
    assert password == "pw-1"
    assert dict(settings.bigquery)["client_email"] == ACCOUNT["client_email"]
    assert (settings.sftp["port"], settings.has_sftp_credentials) == (22, True)
    row = superuser.execute("select t::text from tenant_config as t where sftp <> '{}'").fetchone()
    assert row is not None
    stored = str(row[0])
    assert "pw-1" not in stored
    assert "PRIVATE KEY" not in stored
    assert "70772d31" not in stored  # "pw-1" in the hexadecimal form of a bytea


def test_another_tenant_sees_no_settings(site: Site) -> None:
    set_sftp(site.acme)
    with tenant_transaction(site.globex) as conn:
        assert get_sftp_credentials(conn, site.acme) is None


@pytest.mark.parametrize(
    "change",
    [
        {"type": "authorized_user"},
        {"type": "external_account"},
        {"private_key": "not a key"},
        {"private_key": None},
        {"client_email": ""},
        {"project_id": "../x"},
    ],
)
def test_other_google_credentials_are_refused(site: Site, change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        provision.set_bigquery(
            site.acme, "acme-export", "analytics_1", "EU", json.dumps({**ACCOUNT, **change})
        )


@pytest.mark.parametrize("text", ["", "[]", "{", "x" * 30_000])
def test_what_is_no_json_key_is_refused(site: Site, text: str) -> None:
    with pytest.raises(Invalid):
        provision.set_bigquery(site.acme, "acme-export", "analytics_1", "EU", text)


def test_a_name_google_never_gives_is_refused(site: Site) -> None:
    with pytest.raises(Invalid, match="dataset"):
        provision.set_bigquery(site.acme, "p-1", "x`; drop", "EU", json.dumps(ACCOUNT))


def test_rotation_encrypts_anew_with_the_first_key(site: Site, superuser: Connection) -> None:
    set_sftp(site.globex, "pw-2")
    new = "new:" + base64.b64encode(secrets.token_bytes(32)).decode()
    crypto.configure(f"{new},{site.config.credential_keys}")
    try:
        assert provision.rotate_credentials() >= 1
        assert provision.rotate_credentials() == 0
        crypto.configure(new)
        with tenant_transaction(site.globex) as conn:
            assert get_sftp_credentials(conn, site.globex) == "pw-2"
    finally:
        crypto.configure(site.config.credential_keys)
        superuser.execute("update tenant_config set sftp_credentials = null, sftp = '{}'")
        superuser.execute("update tenant_config set bigquery_credentials = null, bigquery = '{}'")


def test_the_command_line_makes_a_tenant_and_its_first_admin(
    site: Site, superuser: Connection
) -> None:
    run = site.app.test_cli_runner().invoke
    made = run(args=["tenant", "create", "hooli", "Hooli", "--currency", "GBP"])
    assert (made.exit_code, str(UUID(made.output.strip()))) == (0, made.output.strip())
    added = run(args=["member", "invite", "hooli", "Boss@Hooli.example", "--role", "admin"])
    assert added.exit_code == 0
    row = superuser.execute(
        "select t.name, m.role from membership as m join tenant as t using (tenant_id)"
        " where m.email = 'boss@hooli.example'"
    ).fetchone()
    assert row == ("Hooli", "admin")
    assert run(args=["secrets", "rotate"]).output == "0 credentials re-encrypted\n"


@pytest.mark.parametrize(
    "args",
    [
        ["tenant", "create", "Bad Slug", "X"],
        ["tenant", "create", "good", "X", "--currency", "dollars"],
        ["tenant", "create", "good", "X", "--property-time-zone", "Mars/Olympus"],
        ["member", "invite", "nowhere", "a@b.example"],
        ["member", "invite", "acme", "no-address"],
    ],
)
def test_the_command_line_refuses_in_one_sentence(site: Site, args: list[str]) -> None:
    done = site.app.test_cli_runner().invoke(args=args)
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert "Traceback" not in done.output
