"""The steps that try a tenant's mail server. No mail is sent."""

from __future__ import annotations

from uuid import UUID

from app import net
from app.config import Config
from app.db import tenant_transaction
from app.errors import Invalid
from app.ingest import sources
from app.settings.checking import Work
from app.smtp import SmtpLink, SmtpSettings
from app.tenant_settings import TenantSettings, get_smtp_credentials


def read_smtp(tenant: TenantSettings, config: Config) -> SmtpSettings:
    """The tenant's mail server with its password.

    Raises:
        Invalid: it is not set up.
    """
    password = _password(tenant.tenant_id)
    if not tenant.smtp or password is None:
        raise Invalid("The mail server is not set up yet. Fill in the form and save it first.")
    stored = tenant.smtp
    return SmtpSettings(
        host=stored["host"],
        port=int(stored["port"]),
        security=stored["security"],
        username=stored["username"],
        from_address=stored["from_address"],
        password=password,
        ca_file=config.smtp_ca_file,
    )


def _password(tenant_id: UUID) -> str | None:
    with tenant_transaction(tenant_id) as conn:
        return get_smtp_credentials(conn, tenant_id)


def steps(tenant: TenantSettings, config: Config, link: SmtpLink) -> list[tuple[str, Work]]:
    """The steps in order, over one conversation."""
    policy = sources.net_policy(config)
    host, port = str(tenant.smtp["host"]), int(tenant.smtp["port"])

    def resolve() -> str:
        return ", ".join(str(address) for address in net.resolve(host, port, policy)[:4])

    return [
        ("dns", resolve), ("port", link.connect), ("tls", link.secure), ("login", link.sign_in),
        ("sender", link.try_sender),
    ]  # fmt: skip
