"""The steps that test a tenant's mail server. Sends no mail."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property

from app import net
from app.config import Config
from app.database.engine import tenant_transaction
from app.errors import Invalid
from app.ingest import sources
from app.net import NetPolicy
from app.settings.checks.steps import Work
from app.smtp import SmtpLink, SmtpSettings
from app.tenant_settings import TenantSettings, get_smtp_credentials


def read_smtp(tenant: TenantSettings, config: Config) -> SmtpSettings:
    """The tenant's mail server with its password.

    Raises:
        Invalid: it is not set up.
    """
    with tenant_transaction(tenant.tenant_id) as conn:
        password = get_smtp_credentials(conn, tenant.tenant_id)
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


class SmtpCheck:
    """One test in one SMTP session, which `ending` closes. Each step needs the earlier ones."""

    def __init__(self, tenant: TenantSettings, config: Config, ending: ExitStack) -> None:
        self._tenant, self._config, self._ending = tenant, config, ending
        self._policy: NetPolicy = sources.net_policy(config)

    def steps(self) -> list[tuple[str, Work]]:
        return [
            ("dns", self._resolve),
            ("port", lambda: self._link.connect()),
            ("tls", lambda: self._link.secure()),
            ("login", lambda: self._link.sign_in()),
            ("sender", lambda: self._link.try_sender()),
        ]

    @cached_property
    def _settings(self) -> SmtpSettings:
        return read_smtp(self._tenant, self._config)

    @cached_property
    def _link(self) -> SmtpLink:
        return self._ending.enter_context(SmtpLink(self._settings, self._policy))

    def _resolve(self) -> str:
        found = net.resolve(self._settings.host, self._settings.port, self._policy)
        return ", ".join(str(address) for address in found[:4])
